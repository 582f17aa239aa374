// Files that the shop makes, saved where the browser saves them.
import type { HttpBody } from "@sanset/client/gen/google/api/httpbody_pb.js";

/** Saves what arrives piece by piece once it is complete; a stream that fails saves nothing. */
export async function saveStream(pieces: AsyncIterable<HttpBody>, name: string): Promise<void> {
  const parts: BlobPart[] = [];
  let type = "";
  for await (const { data, contentType } of pieces) {
    type ||= contentType;
    parts.push(data as Uint8Array<ArrayBuffer>);
  }
  saveFile(new Blob(parts, { type }), name);
}

export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may not have begun to read
}

/** "orders-2026-11-29.csv" */
export function fileName(of: string, format: string): string {
  return `${of}-${new Date().toISOString().slice(0, 10)}.${format.toLowerCase()}`;
}

/** Rows as CSV that spreadsheets open: texts that they would run as formulas are kept from it. */
export function csvOf(rows: readonly (readonly (string | number)[])[]): Blob {
  const cell = (value: string | number) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return new Blob(["\ufeff", rows.map((row) => row.map(cell).join(",")).join("\r\n"), "\r\n"], { type: "text/csv;charset=utf-8" });
}
