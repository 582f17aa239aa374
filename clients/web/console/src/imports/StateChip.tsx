import Chip from "@mui/material/Chip";
import { useTranslate } from "react-admin";
import type { ImportRecord } from "./calls";

const COLORS = { QUEUED: "default", RUNNING: "info", SUCCEEDED: "success", FAILED: "error", CANCELLED: "warning" } as const;

export function StateChip({ state }: { state: ImportRecord["state"] }) {
  const translate = useTranslate();
  return <Chip size="small" variant="outlined" color={COLORS[state]} label={translate(`resources.imports.states.${state}`)} />;
}
