import DownloadIcon from "@mui/icons-material/Download";
import Box from "@mui/material/Box";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import Typography from "@mui/material/Typography";
import { Button, useTranslate } from "react-admin";
import { csvOf, saveFile } from "../data/saveFile";
import { useShopCall } from "../data/useShopCall";
import { useShopQuery } from "../data/useShopQuery";
import { type ImportProblem, type ImportRecord, listProblems } from "./calls";

const T = "resources.imports.problems";
const COLUMNS = ["line", "column", "reason", "sku"] as const;

/** Shown on the page; the file has all. */
const MOST_SHOWN = 200;

export function Problems({ record }: { record: ImportRecord }) {
  const translate = useTranslate();
  const isOver = record.endTime !== null;
  const { data } = useShopQuery(["imports", record.id, "problems", isOver], (signal) =>
    isOver && record.refusedCount > 0 ? listProblems(record.id, signal) : Promise.resolve(null),
  );
  const problems = data ?? record.problems;
  if (problems.length === 0) return isOver ? <Typography>{translate(`${T}.none`)}</Typography> : null;
  return (
    <Box component="section">
      <Box sx={{ display: "flex", justifyContent: "space-between", alignItems: "center", flexWrap: "wrap" }}>
        <Typography variant="h6" component="h2">
          {translate(`${T}.title`)}
        </Typography>
        <Download record={record} />
      </Box>
      <Rows problems={problems.slice(0, MOST_SHOWN)} />
      {record.refusedCount > Math.min(problems.length, MOST_SHOWN) && (
        <Typography variant="body2" sx={{ mt: 1 }}>
          {translate(`${T}.more`, { shown: Math.min(problems.length, MOST_SHOWN), total: record.refusedCount })}
        </Typography>
      )}
    </Box>
  );
}

function Rows({ problems }: { problems: readonly ImportProblem[] }) {
  const translate = useTranslate();
  return (
    <TableContainer>
      <Table size="small" aria-label={translate(`${T}.title`)}>
        <TableHead>
          <TableRow>
            {COLUMNS.map((name) => (
              <TableCell key={name}>{translate(`${T}.${name}`)}</TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {problems.map(({ line, column, reason, sku }, at) => (
            <TableRow key={at}>
              <TableCell>{line}</TableCell>
              <TableCell>{column || translate(`${T}.wholeRow`)}</TableCell>
              <TableCell sx={{ minWidth: "14rem", overflowWrap: "anywhere" }}>{reason}</TableCell>
              <TableCell>{sku}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}

function Download({ record }: { record: ImportRecord }) {
  const translate = useTranslate();
  const { act, isPending } = useShopCall("imports.problems", async (id: string) => {
    const heading = COLUMNS.map((name) => translate(`${T}.${name}`));
    const rows = (await listProblems(id)).map(({ line, column, reason, sku }) => [line, column, reason, sku]);
    saveFile(csvOf([heading, ...rows]), `import-${id}.csv`);
  });
  return (
    <Button label={`${T}.download`} disabled={isPending} onClick={() => act(record.id)}>
      <DownloadIcon />
    </Button>
  );
}
