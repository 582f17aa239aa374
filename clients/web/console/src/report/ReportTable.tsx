import Box from "@mui/material/Box";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import Typography from "@mui/material/Typography";
import type { ReactNode } from "react";
import { useTranslate } from "react-admin";

export interface Column<R> {
  readonly label: string;
  readonly cell: (row: R) => ReactNode;
  /** Figures stand at the right. */
  readonly isFigure?: boolean;
}

/** A table of a report; the first column names the row. */
export function ReportTable<R>({
  label,
  rows,
  columns,
  empty = "console.report.empty",
}: {
  label: string;
  rows: readonly R[];
  columns: readonly Column<R>[];
  empty?: string;
}) {
  const translate = useTranslate();
  if (rows.length === 0) return <Nothing text={empty} />;
  return (
    <TableContainer tabIndex={0} role="group" aria-label={translate(label)}>
      <Table size="small">
        <TableHead>
          <TableRow>
            {columns.map((column) => (
              <TableCell key={column.label} align={column.isFigure ? "right" : "left"}>
                {translate(column.label)}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row, index) => (
            <TableRow key={index} hover>
              {columns.map(({ label: column, cell, isFigure }, place) => (
                <TableCell
                  key={column}
                  align={isFigure ? "right" : "left"}
                  {...(place === 0 && { component: "th", scope: "row" })}
                  sx={{ fontVariantNumeric: "tabular-nums" }}
                >
                  {cell(row)}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}

/** There is nothing to show. */
export function Nothing({ text = "console.report.empty" }: { text?: string }) {
  const translate = useTranslate();
  return (
    <Box sx={{ py: 5, textAlign: "center" }}>
      <Typography color="text.secondary">{translate(text)}</Typography>
    </Box>
  );
}
