import { BehaviorEvent_Kind as Kind } from "@sanset/client/gen/sanset/v1/behavior_pb.js";
import { shop, visitorId } from "../shop";

/**
 * Tells the recommendations what happened to a product, and which row of theirs or search led to it. What cannot be
 * told is lost: nobody waits for it.
 */
export function record(kind: keyof typeof Kind, productId: bigint, attributionToken = ""): void {
  shop.recommend.trackEvent({ visitorId, events: [{ kind: Kind[kind], productId, attributionToken }] }).catch(() => undefined);
}
