"""Excel workbooks, written row by row into temporary files, so that memory stays small whatever the size."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from server.exports.source import Cell, Row

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS: Final = 1_048_576
"""The rows that one Excel sheet takes; further rows continue in another."""


class Workbook:
    """A workbook that grows by rows. Text is written as text: nothing in it is ever a formula or a link."""

    def __init__(self, path: Path, title: str, columns: tuple[str, ...], max_rows: int = MAX_ROWS) -> None:
        import xlsxwriter  # only who writes a workbook pays for it

        self._parts = tempfile.TemporaryDirectory(prefix="sanset-export-")
        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "tmpdir": self._parts.name, "use_zip64": True}
        )
        self._bold = self._book.add_format({"bold": True})
        # As many decimals as the amount has: a sheet may hold several currencies.
        self._money = [self._book.add_format({"num_format": "0" + "." * bool(n) + "0" * n}) for n in range(4)]
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._title, self._columns, self._max_rows = title, columns, max_rows
        self._sheets: list[Worksheet] = []
        self._next_row = max_rows
        self._turn_the_page()

    def add(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        for row in rows:
            if self._next_row >= self._max_rows:
                self._turn_the_page()
            for column, cell in enumerate(row):
                self._write(self._sheets[-1], column, cell)
            self._next_row += 1

    def save(self) -> None:
        """Put the file together; it does not exist before."""
        self._book.close()

    def close(self) -> None:
        """Let go of the temporary files, whether the workbook was saved or not."""
        for sheet in self._sheets:
            sheet.row_data_fh.close()
        self._parts.cleanup()

    def _turn_the_page(self) -> None:
        number = f" {len(self._sheets) + 1}" if self._sheets else ""
        sheet = self._book.add_worksheet(f"{self._title}{number}")
        sheet.freeze_panes(1, 0)
        self._sheets.append(sheet)
        for column, name in enumerate(self._columns):
            sheet.write_string(0, column, name, self._bold)
        self._next_row = 1

    def _write(self, sheet: Worksheet, column: int, cell: Cell) -> None:
        if isinstance(cell, str):
            if cell:
                sheet.write_string(self._next_row, column, cell)
        elif isinstance(cell, Decimal):
            exponent = cell.as_tuple().exponent
            decimals = -exponent if isinstance(exponent, int) else 0
            sheet.write_number(self._next_row, column, float(cell), self._money[decimals])
        elif isinstance(cell, datetime):
            moment = cell.astimezone(UTC).replace(tzinfo=None, microsecond=0)  # Excel knows no zones
            sheet.write_datetime(self._next_row, column, moment, self._time)
        elif cell is not None:
            sheet.write_number(self._next_row, column, cell)
