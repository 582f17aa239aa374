import MonitorHeartIcon from "@mui/icons-material/MonitorHeart";
import { lazy } from "react";
import { analytics } from "../report/service";
import type { StandalonePage } from "../resource";
import { de, en } from "./messages";

/** How the system is, and what needs a person. */
export const health: StandalonePage = {
  name: "health",
  icon: MonitorHeartIcon,
  group: "system",
  messages: { en, de },
  access: analytics.getSystemHealth,
  page: lazy(() => import("./HealthPage")),
};
