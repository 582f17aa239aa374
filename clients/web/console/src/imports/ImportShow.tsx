import StopIcon from "@mui/icons-material/Stop";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Chip from "@mui/material/Chip";
import LinearProgress from "@mui/material/LinearProgress";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { Button, Labeled, TopToolbar, useCanAccess, useRecordContext, useTranslate } from "react-admin";
import { useShopCall } from "../data/useShopCall";
import { ShowPage } from "../ui/RecordPages";
import { TimeField } from "../ui/time";
import { ImportLink } from "./ImportLink";
import { Problems } from "./Problems";
import { StateChip } from "./StateChip";
import { type ImportRecord, cancelImport } from "./calls";
import { useWatched } from "./useWatched";

const T = "resources.imports";

export default function ImportShow() {
  return (
    <ShowPage<ImportRecord>
      actions={
        <TopToolbar>
          <ImportLink />
        </TopToolbar>
      }
    >
      <Standing />
    </ShowPage>
  );
}

function Standing() {
  const translate = useTranslate();
  const read = useRecordContext<ImportRecord>();
  const record = useWatched(read);
  if (record === undefined) return null;
  return (
    <Stack spacing={2} sx={{ p: 2 }}>
      <Stack direction="row" spacing={1} sx={{ alignItems: "center", flexWrap: "wrap" }}>
        <StateChip state={record.state} />
        {record.dryRun && <Chip size="small" label={translate(`${T}.trial`)} />}
        <TimeField source="createTime" record={record} />
      </Stack>
      {record.endTime === null && <Progress record={record} />}
      {record.message && <Alert severity={record.state === "FAILED" ? "error" : "info"}>{record.message}</Alert>}
      <Counts record={record} />
      {record.dryRun && record.endTime !== null && (
        <Alert severity="info">
          {translate(`${T}.trialNote`)} {record.refusedCount === 0 && translate(`${T}.seriously`)}
        </Alert>
      )}
      <Problems record={record} />
    </Stack>
  );
}

function Progress({ record }: { record: ImportRecord }) {
  const translate = useTranslate();
  const { canAccess: mayCancel } = useCanAccess({ resource: "imports", action: "cancel" });
  const { act, isPending } = useShopCall("imports.cancel", cancelImport, { done: `${T}.cancelled` });
  const text = translate(`${T}.progress`, { percent: record.progressPercent, line: record.line });
  return (
    <Box>
      <LinearProgress
        variant={record.state === "QUEUED" ? "indeterminate" : "determinate"}
        value={record.progressPercent}
        aria-label={text}
        sx={{ height: 8, borderRadius: 1 }}
      />
      <Stack direction="row" sx={{ justifyContent: "space-between", alignItems: "center", mt: 1 }}>
        <Typography variant="body2" aria-live="polite">
          {text}
        </Typography>
        {mayCancel && (
          <Button label={`${T}.cancel`} disabled={isPending} onClick={() => act(record.id)}>
            <StopIcon />
          </Button>
        )}
      </Stack>
    </Box>
  );
}

const COUNTS = ["rowCount", "createdCount", "updatedCount", "unchangedCount", "refusedCount"] as const;

function Counts({ record }: { record: ImportRecord }) {
  return (
    <Box sx={{ display: "grid", gap: 2, gridTemplateColumns: "repeat(auto-fit, minmax(7rem, 1fr))" }}>
      {COUNTS.map((source) => (
        <Labeled key={source} source={source}>
          <Typography variant="h5" component="div" color={source === "refusedCount" && record.refusedCount > 0 ? "error" : undefined}>
            {record[source].toLocaleString()}
          </Typography>
        </Labeled>
      ))}
    </Box>
  );
}
