import ModelTrainingIcon from "@mui/icons-material/ModelTraining";
import { ModelService } from "@sanset/client/gen/sanset/v1/model_service_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listModels, getModel, activateModel } = ModelService.method;

export const models = defineResource({
  name: "models",
  icon: ModelTrainingIcon,
  group: "promotion",
  messages: { en, de },
  access: { list: listModels, show: getModel, activate: activateModel },
  calls,
  pages: { list: lazy(() => import("./ModelList")), show: lazy(() => import("./ModelShow")) },
  title: "version",
});
