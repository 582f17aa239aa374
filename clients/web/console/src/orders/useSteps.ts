// The steps of an order: those so far, then each as it happens.
import { useEffect, useRef, useState } from "react";
import { useRefresh } from "react-admin";
import { toId } from "../data/values";
import { shop } from "../shop";
import { type Step, readStep } from "./record";

export interface Steps {
  readonly steps: readonly Step[];
  /** Whether the shop is telling them. */
  readonly live: boolean;
}

/**
 * Has the page read anew when a step happens that `updateTime`, of the order as it is shown, knows nothing of. The shop
 * tells no more once the order has ended; it is asked again when the order changed after that.
 */
export function useSteps(orderId: string, updateTime: string | null): Steps {
  const [steps, setSteps] = useState<readonly Step[]>([]);
  const [live, setLive] = useState(false);
  const refresh = useRefresh();
  const seen = useRef({ orderId, sequence: 0, updateTime });
  if (seen.current.orderId !== orderId) seen.current = { orderId, sequence: 0, updateTime };
  seen.current.updateTime = updateTime;
  const [round, setRound] = useState({ ended: "" });

  useEffect(() => {
    const leaving = new AbortController();
    if (seen.current.sequence === 0) setSteps([]);
    void follow();
    return () => leaving.abort();

    async function follow(): Promise<void> {
      const options = { afterSequence: seen.current.sequence, signal: leaving.signal };
      try {
        setLive(true);
        for await (const event of shop.trackOrder(toId(orderId), options)) {
          const step = readStep(event);
          seen.current.sequence = step.sequence;
          setSteps((before) => [...before.filter(({ sequence }) => sequence < step.sequence), step]);
          if ((step.time ?? "") > (seen.current.updateTime ?? "")) refresh();
        }
      } catch {
        // What is shown stays, and can be read anew.
      }
      if (leaving.signal.aborted) return;
      setLive(false);
      setRound({ ended: seen.current.updateTime ?? "" });
    }
    // `round` changes when a stream ends: another begins once the order changed after that.
  }, [orderId, refresh, round.ended !== "" && updateTime !== round.ended ? updateTime : ""]);

  return { steps, live };
}
