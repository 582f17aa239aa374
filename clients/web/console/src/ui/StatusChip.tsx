// How something stands, in a word and a colour.
import Chip, { type ChipProps } from "@mui/material/Chip";
import { useTranslate } from "react-admin";

/** `text` is a key of the texts. */
export function StatusChip({ text, color = "default" }: { text: string; color?: ChipProps["color"] }) {
  const translate = useTranslate();
  return <Chip size="small" label={translate(text, { _: text })} color={color} variant={color === "default" ? "outlined" : "filled"} />;
}
