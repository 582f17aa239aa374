import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useId } from "react";
import { day, money } from "../format";
import { messageOf, shop } from "../shop";

/** The code of a gift card, and what is left on it. */
export function GiftCard({ code, changed }: { code: string; changed: (code: string) => void }) {
  const id = useId();
  const typed = useDeferredValue(code.trim());
  const balance = useQuery({
    queryKey: ["mine", "gift-card", typed],
    enabled: typed.length >= 8,
    gcTime: 0,
    queryFn: ({ signal }) => shop.payments.getGiftCardBalance({ code: typed }, { signal }),
  });
  return (
    <p className="field">
      <label htmlFor={id}>Code of the card</label>
      <input id={id} value={code} onChange={(event) => changed(event.target.value)} autoComplete="off" maxLength={64} aria-describedby={`${id}-says`} />
      <span id={`${id}-says`} role="status" className={balance.isError ? "refusal" : "hint"}>
        {balance.isError && messageOf(balance.error)}
        {balance.data && !balance.data.active && "It pays nothing any more."}
        {balance.data?.active && `${money(balance.data.balance)} left${balance.data.expireTime ? `, until ${day(balance.data.expireTime)}` : ""}`}
      </span>
    </p>
  );
}
