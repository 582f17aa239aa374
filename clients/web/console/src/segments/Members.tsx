import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useCanAccess, useTranslate } from "react-admin";
import { refusing } from "../data/refusals";
import { Failure } from "../ui/Failure";
import { PlainTable } from "../ui/PlainTable";
import { Panel } from "../ui/Panel";
import { amountText } from "../ui/money";
import { dayText } from "../ui/time";
import { type Member, type SegmentRecord, membersOf } from "./calls";

const T = "resources.segments.members";

export function Members({ segment }: { segment: SegmentRecord }) {
  const translate = useTranslate();
  const { canAccess } = useCanAccess({ resource: "customers", action: "show" });
  const { data, error, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery({
    queryKey: ["segments", "members", segment.id, segment.etag],
    queryFn: ({ pageParam, signal }) => refusing(membersOf(segment.id, pageParam, signal)),
    initialPageParam: "",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
  });
  const rows = data?.pages.flatMap(({ items }) => items) ?? [];
  const person = ({ id, name, email }: Member) => (canAccess ? <Link to={`/customers/${id}/show`}>{name || email}</Link> : name);
  return (
    <Panel title={`${T}.title`}>
      {error && <Failure failure={error} />}
      {data && rows.length === 0 && <Typography color="text.secondary">{translate(`${T}.none`)}</Typography>}
      {rows.length > 0 && (
        <PlainTable
          label={`${T}.title`}
          rows={rows}
          rowKey={({ id }) => id}
          columns={[
            { title: `${T}.name`, cell: person },
            { title: `${T}.email`, cell: ({ email }) => email },
            { title: `${T}.orders`, cell: ({ orders }) => orders, numeric: true },
            { title: `${T}.spent`, cell: ({ spent }) => amountText(spent), numeric: true },
            { title: `${T}.last`, cell: ({ lastOrderTime }) => dayText(lastOrderTime) },
          ]}
        />
      )}
      {hasNextPage && (
        <Button disabled={isFetching} onClick={() => void fetchNextPage()}>
          {translate(`${T}.more`)}
        </Button>
      )}
    </Panel>
  );
}
