// What else there is to know of the days of a report: what their revenue is made of, what was sold, and their orders.
import Box from "@mui/material/Box";
import Link from "@mui/material/Link";
import Typography from "@mui/material/Typography";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { SalesPeriod } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useCanAccess, useTranslate } from "react-admin";
import { Link as RouterLink } from "react-router-dom";
import { dayOf } from "./days";

const PAGES = ["sales", "revenue", "top-sales"] as const;

export function SameDays({ period, on }: { period: SalesPeriod | undefined; on: (typeof PAGES)[number] }) {
  const translate = useTranslate();
  const { canAccess: mayListOrders } = useCanAccess({ resource: "orders", action: "list" });
  const days = daysIn(period);
  if (days === undefined) return null;
  const { from, to, zone } = days;
  const paths = PAGES.filter((page) => page !== on).map((page): [title: string, path: string] => [
    `pages.${page}.title`,
    `/${page}?${new URLSearchParams({ from, to })}`,
  ]);
  if (mayListOrders) {
    const placed = { from, until: to, zone };
    paths.push(["console.report.orders", ordersOf(placed)], ["console.report.refundedOrders", ordersOf({ ...placed, status: "REFUNDED" })]);
  }
  return (
    <Box component="nav" aria-label={translate("console.report.sameDays")} sx={{ mb: 2 }}>
      <Box sx={{ display: "flex", flexWrap: "wrap", columnGap: 2, rowGap: 0.5, alignItems: "baseline" }}>
        <Typography variant="body2" component="span">
          {translate("console.report.sameDays")}
        </Typography>
        {paths.map(([title, path]) => (
          <Link key={title} component={RouterLink} to={path} variant="body2">
            {translate(title)}
          </Link>
        ))}
      </Box>
      <Typography variant="caption" color="text.secondary">
        {translate("console.report.refundsHint")}
      </Typography>
    </Box>
  );
}

function daysIn(period: SalesPeriod | undefined): { from: string; to: string; zone: string } | undefined {
  if (period?.startTime === undefined || period.endTime === undefined) return undefined;
  const zone = period.timeZone || "UTC";
  const last = new Date(timestampDate(period.endTime).getTime() - 1);
  return { from: dayOf(timestampDate(period.startTime), zone), to: dayOf(last, zone), zone };
}

function ordersOf(filter: Record<string, string>): string {
  return `/orders?${new URLSearchParams({ filter: JSON.stringify(filter) })}`;
}
