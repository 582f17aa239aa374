import DownloadIcon from "@mui/icons-material/Download";
import Button from "@mui/material/Button";
import { ExportAnalyticsRequest_Table as Table } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useState } from "react";
import { useAuthProvider, useNotify, useTranslate } from "react-admin";
import { sentenceOf } from "../data/refusals";
import { save } from "./save";
import type { PeriodRequest } from "./period";
import { analytics } from "./service";

/** Saves a table of the analytics as a CSV file, as the shop streams it. */
export function ExportButton({ table, request }: { table: keyof typeof Table; request: PeriodRequest | undefined }) {
  const translate = useTranslate();
  const notify = useNotify();
  const auth = useAuthProvider();
  const [busy, setBusy] = useState(false);

  async function download() {
    setBusy(true);
    try {
      const pieces: BlobPart[] = [];
      let type = "text/csv";
      for await (const { contentType, data } of analytics.service.exportAnalytics({ ...request, table: Table[table] })) {
        type = contentType || type;
        pieces.push(new Uint8Array(data));
      }
      save(new Blob(pieces, { type }), `${table.toLowerCase()}.csv`);
    } catch (failure) {
      await auth?.checkError(failure);
      notify(sentenceOf(failure), { type: "error" });
    } finally {
      setBusy(false);
    }
  }

  return (
    <Button
      size="small"
      startIcon={<DownloadIcon />}
      loading={busy}
      disabled={request === undefined}
      onClick={() => void download()}
    >
      {translate("console.report.export")}
    </Button>
  );
}
