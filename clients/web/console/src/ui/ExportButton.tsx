// Saves a table of the shop as a file.
import DownloadIcon from "@mui/icons-material/Download";
import type { ReactNode } from "react";
import { RadioButtonGroupInput } from "react-admin";
import { ActionButton } from "./ActionButton";

export interface ExportValues {
  format: "CSV" | "XLSX";
  [field: string]: unknown;
}

const FORMATS = [
  { id: "CSV", name: "CSV" },
  { id: "XLSX", name: "Excel (XLSX)" },
];

/** `save` gets the format, and what else `children` ask for. */
export function ExportButton({ name, save, children }: { name: string; save: (values: ExportValues) => Promise<void>; children?: ReactNode }) {
  return (
    <ActionButton
      label="ra.action.export"
      icon={<DownloadIcon />}
      action={{
        name: `${name}.export`,
        title: "ra.action.export",
        confirm: "ra.action.export",
        call: (values: ExportValues) => save(values),
        initial: { format: "CSV" },
        children: (
          <>
            <RadioButtonGroupInput source="format" label="console.file.format" choices={FORMATS} translateChoice={false} helperText={false} />
            {children}
          </>
        ),
      }}
    />
  );
}
