// The reports of the shop.
import FilterAltIcon from "@mui/icons-material/FilterAlt";
import GridOnIcon from "@mui/icons-material/GridOn";
import GroupsIcon from "@mui/icons-material/Groups";
import LeaderboardIcon from "@mui/icons-material/Leaderboard";
import PieChartIcon from "@mui/icons-material/PieChart";
import SearchIcon from "@mui/icons-material/Search";
import ShowChartIcon from "@mui/icons-material/ShowChart";
import { SearchService } from "@sanset/client/gen/sanset/v1/search_service_pb.js";
import { lazy } from "react";
import { analytics } from "../report/service";
import type { Messages, StandalonePage } from "../resource";
import { de, en } from "./messages";

const textsOf = (name: keyof typeof en): Messages => ({ en: en[name], de: de[name] });
const group = "analytics";

export const reports: readonly StandalonePage[] = [
  {
    name: "sales",
    icon: ShowChartIcon,
    group,
    messages: textsOf("sales"),
    access: analytics.getSales,
    page: lazy(() => import("./SalesPage")),
  },
  {
    name: "revenue",
    icon: PieChartIcon,
    group,
    messages: textsOf("revenue"),
    access: analytics.getRevenue,
    page: lazy(() => import("./RevenuePage")),
  },
  {
    name: "top-sales",
    icon: LeaderboardIcon,
    group,
    messages: textsOf("topSales"),
    access: analytics.listTopSales,
    page: lazy(() => import("./TopSalesPage")),
  },
  {
    name: "user-activity",
    icon: GroupsIcon,
    group,
    messages: textsOf("userActivity"),
    access: analytics.getUserActivity,
    page: lazy(() => import("./UserActivityPage")),
  },
  {
    name: "cohorts",
    icon: GridOnIcon,
    group,
    messages: textsOf("cohorts"),
    access: analytics.getCohorts,
    page: lazy(() => import("./CohortsPage")),
  },
  {
    name: "funnel",
    icon: FilterAltIcon,
    group,
    messages: textsOf("funnel"),
    access: analytics.listProductFunnels,
    page: lazy(() => import("./FunnelPage")),
  },
  {
    name: "searches",
    icon: SearchIcon,
    group,
    messages: textsOf("searches"),
    access: SearchService.method.getSearchAnalytics,
    page: lazy(() => import("./SearchesPage")),
  },
];
