import TuneIcon from "@mui/icons-material/Tune";
import { SettingsService } from "@sanset/client/gen/sanset/v1/settings_pb.js";
import { lazy } from "react";
import type { StandalonePage } from "../resource";
import { de, en } from "./messages";

/** How the shop is set up. */
export const settings: StandalonePage = {
  name: "settings",
  icon: TuneIcon,
  group: "system",
  messages: { en, de },
  access: SettingsService.method.getSettings,
  page: lazy(() => import("./SettingsPage")),
};
