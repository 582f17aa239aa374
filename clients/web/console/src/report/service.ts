// The analytics of the shop: its client, and the RPCs that pages need a permission for.
import { AnalyticsService } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { shop } from "../shop";

export const analytics = { ...AnalyticsService.method, service: shop.of(AnalyticsService) };
