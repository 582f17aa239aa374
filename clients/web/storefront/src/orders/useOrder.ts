import { Code, SansetError } from "@sanset/client";
import type { Order, OrderEvent } from "@sanset/client/gen/sanset/v1/order_pb.js";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { queries, shop } from "../shop";

export function useOrder(orderId: bigint): UseQueryResult<Order> {
  return useQuery({
    queryKey: ["mine", "order", String(orderId)],
    queryFn: ({ signal }) => shop.orders.getOrder({ orderId }, { signal }),
  });
}

/** An order was changed by the user. */
export function orderChanged(orderId: bigint): Promise<void> {
  return queries.invalidateQueries({ queryKey: ["mine", "order", String(orderId)] });
}

/**
 * The steps of an order so far, and each further one as it happens. The order is read anew with each.
 * What has arrived is not watched any more, until it goes back.
 */
export function useSteps(orderId: bigint, isReturning: boolean): readonly OrderEvent[] {
  const [steps, setSteps] = useState<readonly OrderEvent[]>([]);
  useEffect(() => {
    const end = new AbortController();
    void follow(orderId, end.signal, (step) => {
      setSteps((before) => [...before.filter(({ sequence }) => sequence < step.sequence), step]);
      void orderChanged(orderId);
    });
    return () => end.abort();
  }, [orderId, isReturning]);
  return steps;
}

async function follow(orderId: bigint, signal: AbortSignal, seen: (step: OrderEvent) => void): Promise<void> {
  let afterSequence = 0;
  while (!signal.aborted) {
    try {
      for await (const step of shop.trackOrder(orderId, { afterSequence, signal })) {
        afterSequence = step.sequence;
        seen(step);
      }
      return;
    } catch (failure) {
      if (!(failure instanceof SansetError) || failure.code !== Code.Unavailable) return;
      await new Promise((resolve) => setTimeout(resolve, 5_000)); // as while the browser has no network
    }
  }
}
