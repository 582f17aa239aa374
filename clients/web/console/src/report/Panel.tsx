import Box from "@mui/material/Box";
import Card from "@mui/material/Card";
import Typography from "@mui/material/Typography";
import { type ReactNode, useId } from "react";
import { useTranslate } from "react-admin";

/** A part of a report, with what can be done with it at its right. */
export function Panel({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  const translate = useTranslate();
  const id = useId();
  return (
    <Card component="section" variant="outlined" aria-labelledby={id} sx={{ p: 2, mb: 2, minWidth: 0 }}>
      <Box sx={{ display: "flex", gap: 1, alignItems: "center", justifyContent: "space-between", flexWrap: "wrap", mb: 1 }}>
        <Typography id={id} variant="h6" component="h2">
          {translate(title)}
        </Typography>
        {actions}
      </Box>
      {children}
    </Card>
  );
}
