import type { KeyboardEvent } from "react";
import { DataTableRow, type DataTableRowProps, useDataTableCallbacksContext, useResourceDefinition } from "react-admin";

/** A row of a list that opens by Enter as it does by a click. */
export function KeyboardRow(props: DataTableRowProps) {
  const { rowClick } = useDataTableCallbacksContext();
  const { hasShow, hasEdit } = useResourceDefinition();
  const opens = rowClick === undefined ? hasShow === true || hasEdit === true : rowClick !== false;
  return <DataTableRow {...props} {...(opens && { tabIndex: 0, onKeyDown: openByEnter })} />;
}

function openByEnter(event: KeyboardEvent<HTMLTableRowElement>) {
  if (event.key === "Enter" && event.target === event.currentTarget) event.currentTarget.click();
}
