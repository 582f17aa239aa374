import RecommendIcon from "@mui/icons-material/Recommend";
import { ModelService } from "@sanset/client/gen/sanset/v1/model_service_pb.js";
import { lazy } from "react";
import type { StandalonePage } from "../resource";
import { de, en } from "./messages";

export const recommendations: StandalonePage = {
  name: "recommendations",
  icon: RecommendIcon,
  group: "promotion",
  messages: { en, de },
  access: ModelService.method.listTrainings,
  page: lazy(() => import("./RecommendationsPage")),
};
