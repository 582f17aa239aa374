import { Refund_Status as RefundStatus } from "@sanset/client/gen/sanset/v1/refund_pb.js";
import { useQuery } from "@tanstack/react-query";
import { day, money } from "../format";
import { shop } from "../shop";

const SAID: Partial<Record<RefundStatus, string>> = {
  [RefundStatus.PENDING]: "On its way to you",
  [RefundStatus.SUCCEEDED]: "Paid back",
  [RefundStatus.FAILED]: "We look into it",
};

/** What was paid back of an order; nothing where nothing was. */
export function Refunds({ orderId }: { orderId: bigint }) {
  const { data } = useQuery({
    queryKey: ["mine", "order", String(orderId), "refunds"],
    queryFn: ({ signal }) => shop.refunds.listRefunds({ orderId, pageSize: 100 }, { signal }),
  });
  if (!data?.items.length) return null;
  return (
    <>
      <h2>Paid back</h2>
      <ul className="rows">
        {data.items.map((refund) => (
          <li key={String(refund.id)} className="row">
            <span>
              {SAID[refund.status]} <span className="hint">{day(refund.createTime)}</span>
              {refund.reason !== "" && (
                <>
                  <br />
                  <span dir="auto">{refund.reason}</span>
                </>
              )}
            </span>
            <strong>{money(refund.amount)}</strong>
          </li>
        ))}
      </ul>
    </>
  );
}
