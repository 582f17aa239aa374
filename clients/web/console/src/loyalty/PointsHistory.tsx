import Button from "@mui/material/Button";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import Typography from "@mui/material/Typography";
import { PointsEntry_Kind } from "@sanset/client/gen/sanset/v1/promotion_pb.js";
import { useState } from "react";
import { useTranslate } from "react-admin";
import { useShopQuery } from "../data/useShopQuery";
import { readId, readTime } from "../data/values";
import { Loaded } from "../ui/Loaded";
import { RecordLink } from "../ui/RecordLink";
import { TimeField } from "../ui/time";
import { readEntries } from "./calls";

const T = "pages.loyalty";
const COLUMNS = ["time", "kind", "points", "order", "reason"] as const;
const STEPS = [20, 100] as const;

/** How the points of a customer came and went, the latest first. */
export function PointsHistory({ userId }: { userId: string }) {
  const translate = useTranslate();
  const [size, setSize] = useState<number>(STEPS[0]);
  const query = useShopQuery(["points", userId, size], (signal) => readEntries(userId, size, signal));
  return (
    <Loaded query={query}>
      {({ items, nextPageToken }) =>
        items.length === 0 ? (
          <Typography variant="body2">{translate(`${T}.noHistory`)}</Typography>
        ) : (
          <>
            <TableContainer>
              <Table size="small" aria-label={translate(`${T}.history`)}>
                <TableHead>
                  <TableRow>
                    {COLUMNS.map((name) => (
                      <TableCell key={name}>{translate(`${T}.fields.${name}`)}</TableCell>
                    ))}
                  </TableRow>
                </TableHead>
                <TableBody>
                  {items.map((entry) => (
                    <TableRow key={entry.id.toString()}>
                      <TableCell>
                        <TimeField source="time" record={{ id: 0, time: readTime(entry.createTime) }} />
                      </TableCell>
                      <TableCell>{translate(`${T}.kinds.${PointsEntry_Kind[entry.kind]}`)}</TableCell>
                      <TableCell>{entry.points.toLocaleString()}</TableCell>
                      <TableCell>
                        {entry.orderId !== 0n && (
                          <RecordLink resource="orders" id={entry.orderId}>
                            {readId(entry.orderId)}
                          </RecordLink>
                        )}
                      </TableCell>
                      <TableCell sx={{ minWidth: "10rem", overflowWrap: "anywhere" }}>{entry.reason}</TableCell>
                    </TableRow>
                  ))}
                </TableBody>
              </Table>
            </TableContainer>
            {nextPageToken !== "" && size === STEPS[0] && (
              <Button onClick={() => setSize(STEPS[1])}>{translate(`${T}.more`)}</Button>
            )}
          </>
        )
      }
    </Loaded>
  );
}
