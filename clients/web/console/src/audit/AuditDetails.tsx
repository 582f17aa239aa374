import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { useRecordContext, useTranslate } from "react-admin";
import { Facts } from "../ui/Panel";
import { PlainTable } from "../ui/PlainTable";
import type { AuditRecord, Values } from "./calls";

const T = "resources.audit";

/** What is known of an entry: what was asked, and what changed by it. */
export function AuditDetails() {
  const translate = useTranslate();
  const entry = useRecordContext<AuditRecord>();
  if (entry === undefined) return null;
  const { changes, request, facts, requestId } = entry;
  const isBare = changes.length + request.length + facts.length === 0;
  return (
    <Box sx={{ p: 2, display: "grid", gap: 2 }}>
      {isBare && <Typography color="text.secondary">{translate(`${T}.nothing`)}</Typography>}
      {changes.length > 0 && (
        <PlainTable
          label={`${T}.changes`}
          rows={changes}
          rowKey={({ field }) => field}
          columns={[
            { title: `${T}.field`, cell: ({ field }) => field },
            { title: `${T}.before`, cell: ({ before }) => <Was>{before}</Was> },
            { title: `${T}.after`, cell: ({ after }) => after },
          ]}
        />
      )}
      <Named title={`${T}.request`} values={request} />
      <Named title={`${T}.facts`} values={facts} />
      <Typography variant="caption" color="text.secondary">
        {translate(`${T}.requestId`)} {requestId}
      </Typography>
    </Box>
  );
}

function Was({ children }: { children: string }) {
  return children === "" ? null : <del>{children}</del>;
}

function Named({ title, values }: { title: string; values: Values }) {
  const translate = useTranslate();
  if (values.length === 0) return null;
  return (
    <div>
      <Typography variant="subtitle2" component="h3">
        {translate(title)}
      </Typography>
      <Facts rows={values} />
    </div>
  );
}
