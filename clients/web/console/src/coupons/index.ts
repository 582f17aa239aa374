import SellIcon from "@mui/icons-material/Sell";
import { PromotionService } from "@sanset/client/gen/sanset/v1/promotion_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listAllCoupons, getCoupon, createCoupon, updateCoupon } = PromotionService.method;

/** Coupons: there is no deleting them, as orders refer to them; they are made inactive. */
export const coupons = defineResource({
  name: "coupons",
  icon: SellIcon,
  group: "promotion",
  messages: { en, de },
  access: { list: listAllCoupons, show: getCoupon, create: createCoupon, edit: updateCoupon },
  calls,
  pages: {
    list: lazy(() => import("./CouponList")),
    create: lazy(() => import("./CouponCreate")),
    edit: lazy(() => import("./CouponEdit")),
  },
  title: "code",
});
