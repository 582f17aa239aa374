import BadgeIcon from "@mui/icons-material/Badge";
import { RoleService } from "@sanset/client/gen/sanset/v1/role_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listRoles, getRole, createRole, updateRole, deleteRole } = RoleService.method;

export const roles = defineResource({
  name: "roles",
  icon: BadgeIcon,
  group: "system",
  messages: { en, de },
  access: { list: listRoles, show: getRole, create: createRole, edit: updateRole, delete: deleteRole },
  calls,
  pages: {
    list: lazy(() => import("./RoleList")),
    create: lazy(() => import("./RoleCreate")),
    edit: lazy(() => import("./RoleEdit")),
  },
  title: "name",
});
