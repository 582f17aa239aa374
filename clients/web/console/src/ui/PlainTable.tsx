// A small table of what a record holds; wide ones scroll by themselves.
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import type { ReactNode } from "react";
import { useTranslate } from "react-admin";

export interface Column<R> {
  readonly title: string;
  readonly cell: (row: R) => ReactNode;
  readonly numeric?: boolean;
}

export function PlainTable<R>({
  label,
  columns,
  rows,
  rowKey,
}: {
  label: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  rowKey: (row: R) => string | number;
}) {
  const translate = useTranslate();
  const text = (key: string) => translate(key, { _: key });
  return (
    <TableContainer tabIndex={0} role="region" aria-label={text(label)}>
      <Table size="small" aria-label={text(label)}>
        <TableHead>
          <TableRow>
            {columns.map(({ title, numeric }) => (
              <TableCell key={title} align={numeric ? "right" : "left"}>
                {text(title)}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={rowKey(row)}>
              {columns.map(({ title, cell, numeric }) => (
                <TableCell key={title} align={numeric ? "right" : "left"}>
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
