import PeopleIcon from "@mui/icons-material/People";
import { PromotionService } from "@sanset/client/gen/sanset/v1/promotion_pb.js";
import { UserAdminService } from "@sanset/client/gen/sanset/v1/user_admin_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listUsers, getUser, setUserActive } = UserAdminService.method;

/** Every account: those of the shop's people too. */
export const customers = defineResource({
  name: "customers",
  icon: PeopleIcon,
  group: "customers",
  messages: { en, de },
  access: { list: listUsers, show: getUser, decide: setUserActive, points: PromotionService.method.adjustPoints },
  calls,
  pages: { list: lazy(() => import("./CustomerList")), show: lazy(() => import("./CustomerShow")) },
  title: (customer) => customer.fullName || customer.email,
});
