import DownloadIcon from "@mui/icons-material/Download";
import Button from "@mui/material/Button";
import { useTranslate } from "react-admin";
import { save } from "./save";

/** Saves rows that are on the page as a CSV file, for what the shop exports no table of. */
export function SaveTableButton({ name, rows }: { name: string; rows: readonly Readonly<Record<string, unknown>>[] }) {
  const translate = useTranslate();
  return (
    <Button
      size="small"
      startIcon={<DownloadIcon />}
      disabled={rows.length === 0}
      onClick={() => save(new Blob([csv(rows)], { type: "text/csv;charset=utf-8" }), `${name}.csv`)}
    >
      {translate("console.report.export")}
    </Button>
  );
}

function csv(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const head = Object.keys(rows[0] ?? {});
  return [head, ...rows.map((row) => head.map((name) => row[name]))].map((line) => line.map(cell).join(",")).join("\r\n");
}

/** Quoted; a text that a spreadsheet would take for a formula begins with an apostrophe. */
function cell(value: unknown): string {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
