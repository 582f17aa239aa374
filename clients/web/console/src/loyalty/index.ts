import LoyaltyIcon from "@mui/icons-material/Loyalty";
import { PromotionService } from "@sanset/client/gen/sanset/v1/promotion_pb.js";
import { lazy } from "react";
import type { StandalonePage } from "../resource";
import { de, en } from "./messages";

/** The loyalty programme: its tiers, and the points of a customer. */
export const loyalty: StandalonePage = {
  name: "loyalty",
  icon: LoyaltyIcon,
  group: "promotion",
  messages: { en, de },
  access: PromotionService.method.adjustPoints,
  page: lazy(() => import("./LoyaltyPage")),
};
