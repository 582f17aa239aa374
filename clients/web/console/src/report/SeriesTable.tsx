import Button from "@mui/material/Button";
import { useState } from "react";
import { useTranslate } from "react-admin";
import { type Column, ReportTable } from "./ReportTable";

/** The figures of a chart, shown on demand. */
export function SeriesTable<R>({ rows, columns }: { rows: readonly R[]; columns: readonly Column<R>[] }) {
  const translate = useTranslate();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button size="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {translate(isOpen ? "console.report.hideFigures" : "console.report.showFigures")}
      </Button>
      {isOpen && <ReportTable label="console.report.figures" rows={rows} columns={columns} />}
    </>
  );
}
