import ArrowDownwardIcon from "@mui/icons-material/ArrowDownward";
import ArrowUpwardIcon from "@mui/icons-material/ArrowUpward";
import Box from "@mui/material/Box";
import Card from "@mui/material/Card";
import Typography from "@mui/material/Typography";
import type { ReactNode } from "react";
import { useTranslate } from "react-admin";
import { percentOf } from "./format";

interface Stat {
  readonly label: string;
  /** As it is written. */
  readonly value: string;
  /** What it is, and what it was before, to compare; without them the figure is one of now. */
  readonly now?: number | undefined;
  readonly before?: number | undefined;
  /** That of before, as it is written. */
  readonly beforeText?: string | undefined;
  /** Whether more is worse. */
  readonly moreIsWorse?: boolean;
  readonly children?: ReactNode;
}

/** A figure, with that of the time before. */
export function StatCard({ label, value, now, before, beforeText, moreIsWorse = false, children }: Stat) {
  const translate = useTranslate();
  return (
    <Card component="li" variant="outlined" sx={{ p: 2, minWidth: 0, containerType: "inline-size" }}>
      <Typography variant="body2" color="text.secondary">
        {translate(label)}
      </Typography>
      <Typography variant="h5" component="p" sx={{ my: 0.5, fontSize: sizeOf(value), fontVariantNumeric: "tabular-nums", overflowWrap: "anywhere" }}>
        {value}
      </Typography>
      {now !== undefined && before !== undefined && (
        <Typography variant="body2" color="text.secondary">
          <Change now={now} before={before} moreIsWorse={moreIsWorse} />{" "}
          {translate("console.report.before", { value: beforeText ?? before })}
        </Typography>
      )}
      {children}
    </Card>
  );
}

/** As large as leaves a long figure on one line. */
function sizeOf({ length }: string): string {
  return `clamp(0.9rem, ${Math.floor(160 / Math.max(length, 1))}cqi, 1.3rem)`;
}

function Change({ now, before, moreIsWorse }: { now: number; before: number; moreIsWorse: boolean }) {
  const translate = useTranslate();
  if (now === before) return <>{translate("console.report.unchanged")}</>;
  const grew = now > before;
  const Arrow = grew ? ArrowUpwardIcon : ArrowDownwardIcon;
  const color = grew === moreIsWorse ? "error.main" : "success.main";
  const text = before === 0 ? translate("console.report.fromNothing") : percentOf(Math.abs(now / before - 1));
  return (
    <Box component="span" sx={{ color, fontWeight: 600, whiteSpace: "nowrap" }}>
      <Arrow
        sx={{ fontSize: "1rem", verticalAlign: "text-bottom" }}
        titleAccess={translate(grew ? "console.report.more" : "console.report.less")}
      />
      {text}
    </Box>
  );
}

/** Figures side by side. */
export function StatGrid({ children }: { children: ReactNode }) {
  return (
    <Box
      component="ul"
      sx={{
        display: "grid",
        gap: 1.5,
        p: 0,
        mt: 0,
        mb: 3,
        listStyle: "none",
        gridTemplateColumns: "repeat(auto-fill, minmax(min(10.5rem, 45%), 1fr))",
      }}
    >
      {children}
    </Box>
  );
}
