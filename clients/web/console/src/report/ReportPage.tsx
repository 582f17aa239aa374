import Box from "@mui/material/Box";
import type { ReactNode } from "react";
import { Title } from "react-admin";
import { CanSee } from "../ui/CanSee";

/** The frame of a page of reports: its title, what it is about, and the reports. */
export function ReportPage({ name, controls, children }: { name: string; controls?: ReactNode; children: ReactNode }) {
  return (
    <CanSee page={name}>
      <Title title={`pages.${name}.title`} />
      <Box sx={{ py: 2, minWidth: 0 }}>
        {controls !== undefined && (
          <Box sx={{ display: "flex", gap: 1.5, flexWrap: "wrap", alignItems: "center", mb: 2 }}>{controls}</Box>
        )}
        {children}
      </Box>
    </CanSee>
  );
}
