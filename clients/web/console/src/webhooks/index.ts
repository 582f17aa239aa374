import WebhookIcon from "@mui/icons-material/Webhook";
import { WebhookService } from "@sanset/client/gen/sanset/v1/webhook_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listWebhookEndpoints, getWebhookEndpoint, createWebhookEndpoint, updateWebhookEndpoint, deleteWebhookEndpoint } = WebhookService.method;

export const webhooks = defineResource({
  name: "webhooks",
  icon: WebhookIcon,
  group: "system",
  messages: { en, de },
  access: {
    list: listWebhookEndpoints,
    show: getWebhookEndpoint,
    create: createWebhookEndpoint,
    edit: updateWebhookEndpoint,
    delete: deleteWebhookEndpoint,
  },
  calls,
  pages: {
    list: lazy(() => import("./WebhookList")),
    show: lazy(() => import("./WebhookShow")),
    create: lazy(() => import("./WebhookCreate")),
    edit: lazy(() => import("./WebhookEdit")),
  },
  title: "url",
});
