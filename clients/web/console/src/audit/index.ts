import HistoryIcon from "@mui/icons-material/History";
import { AuditService } from "@sanset/client/gen/sanset/v1/audit_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

export const audit = defineResource({
  name: "audit",
  icon: HistoryIcon,
  group: "system",
  messages: { en, de },
  access: { list: AuditService.method.listAuditLogs },
  calls,
  pages: { list: lazy(() => import("./AuditList")) },
  title: "action",
});
