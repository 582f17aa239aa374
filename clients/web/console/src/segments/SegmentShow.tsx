import Alert from "@mui/material/Alert";
import LinearProgress from "@mui/material/LinearProgress";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { DeleteButton, EditButton, TopToolbar, useRecordContext, useTranslate } from "react-admin";
import { refusing } from "../data/refusals";
import { Failure } from "../ui/Failure";
import { PlainTable } from "../ui/PlainTable";
import { ShowPage } from "../ui/RecordPages";
import { Columns, Facts, Panel } from "../ui/Panel";
import { amountText } from "../ui/money";
import { Members } from "./Members";
import { type Analysis, type Favourite, type SegmentRecord, analysisOf } from "./calls";

const T = "resources.segments";

export default function SegmentShow() {
  return (
    <ShowPage actions={<Actions />} component="div">
      <Page />
    </ShowPage>
  );
}

function Actions() {
  const segment = useRecordContext<SegmentRecord>();
  if (segment === undefined || segment.kind === "TRAINED") return <TopToolbar />;
  return (
    <TopToolbar>
      <EditButton />
      <DeleteButton mutationMode="pessimistic" />
    </TopToolbar>
  );
}

function Page() {
  const translate = useTranslate();
  const segment = useRecordContext<SegmentRecord>();
  const { data, error } = useQuery({
    queryKey: ["segments", "analysis", segment?.id, segment?.etag],
    queryFn: ({ signal }) => refusing(analysisOf(segment?.id ?? "", signal)),
    enabled: segment !== undefined,
  });
  if (segment === undefined) return null;
  return (
    <>
      {segment.kind === "TRAINED" && (
        <Alert severity="info" sx={{ mb: 2 }}>
          {translate(`${T}.trained`)}
        </Alert>
      )}
      <Typography sx={{ mb: 2 }}>{segment.description}</Typography>
      <Columns
        main={<Members segment={segment} />}
        side={
          <>
            {error && <Failure failure={error} />}
            {!data && !error && <LinearProgress aria-label={translate("ra.page.loading")} />}
            {data && <Common analysis={data} />}
          </>
        }
      />
    </>
  );
}

function Common({ analysis }: { analysis: Analysis }) {
  const short = (number: number) => number.toLocaleString(undefined, { maximumFractionDigits: 1 });
  return (
    <>
      <Panel title={`${T}.analysis.title`}>
        <Facts
          rows={[
            [`${T}.analysis.share`, analysis.share.toLocaleString(undefined, { style: "percent", maximumFractionDigits: 1 })],
            [`${T}.analysis.orders`, short(analysis.orders)],
            [`${T}.analysis.revenue`, amountText(analysis.revenue)],
            [`${T}.analysis.averageSpent`, amountText(analysis.averageSpent)],
            [`${T}.analysis.averageOrder`, amountText(analysis.averageOrder)],
            [`${T}.analysis.averageOrders`, short(analysis.averageOrders)],
            [`${T}.analysis.daysSinceOrder`, short(analysis.daysSinceOrder)],
          ]}
        />
      </Panel>
      <Favourites title={`${T}.analysis.categories`} rows={analysis.categories} />
      <Favourites title={`${T}.analysis.products`} rows={analysis.products} />
    </>
  );
}

function Favourites({ title, rows }: { title: string; rows: readonly Favourite[] }) {
  if (rows.length === 0) return null;
  return (
    <Panel title={title}>
      <PlainTable
        label={title}
        rows={rows}
        rowKey={({ id }) => id}
        columns={[
          { title: `${T}.fields.name`, cell: ({ name }) => name },
          { title: `${T}.fields.memberCount`, cell: ({ members }) => members.toLocaleString(), numeric: true },
        ]}
      />
    </Panel>
  );
}
