import SmartToyIcon from "@mui/icons-material/SmartToy";
import { ServiceAccountService } from "@sanset/client/gen/sanset/v1/service_account_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listServiceAccounts, getServiceAccount, createServiceAccount, updateServiceAccount, addApiKey } = ServiceAccountService.method;

/** Accounts of other systems, which call with keys: there is no deleting them, they are made inactive. */
export const serviceAccounts = defineResource({
  name: "service-accounts",
  icon: SmartToyIcon,
  group: "system",
  messages: { en, de },
  access: { list: listServiceAccounts, show: getServiceAccount, create: createServiceAccount, edit: updateServiceAccount, keys: addApiKey },
  calls,
  pages: {
    list: lazy(() => import("./ServiceAccountList")),
    create: lazy(() => import("./ServiceAccountCreate")),
    edit: lazy(() => import("./ServiceAccountEdit")),
  },
  title: "name",
});
