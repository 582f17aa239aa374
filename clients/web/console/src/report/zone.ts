// The time zone of the shop, in which its days begin.
import { SalesPeriod_Range as Range } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useQuery } from "@tanstack/react-query";
import { analytics } from "./service";
import { mayCall } from "../session/user";

/** The zone's IANA name; undefined until it is read. */
export function useShopZone(): string | undefined {
  const { data } = useQuery({ queryKey: ["shop-zone"], queryFn: readZone, staleTime: Infinity });
  return data;
}

async function readZone(): Promise<string> {
  const today = { range: Range.TODAY };
  const { period } = (await mayCall(analytics.getSales))
    ? await analytics.service.getSales(today)
    : await analytics.service.getVendorSales(today);
  return period?.timeZone || "UTC";
}
