import { Return_Status as ReturnStatus } from "@sanset/client/gen/sanset/v1/refund_pb.js";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { count, day } from "../format";
import { messageOf, shop } from "../shop";
import { Waiting } from "../ui/Loaded";
import { useTitle } from "../ui/useTitle";

const NAMES: Partial<Record<ReturnStatus, string>> = {
  [ReturnStatus.REQUESTED]: "We look at it",
  [ReturnStatus.APPROVED]: "Agreed: send it back",
  [ReturnStatus.REJECTED]: "Refused",
  [ReturnStatus.RECEIVED]: "Arrived, and paid back",
};

/** What the user sends back. */
export function ReturnsPage() {
  useTitle("Returns");
  const pages = useInfiniteQuery({
    queryKey: ["mine", "returns"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => shop.refunds.listReturns({ pageSize: 20, pageToken: pageParam }, { signal }),
    getNextPageParam: (page) => page.nextPageToken || undefined,
  });
  const returns = pages.data?.pages.flatMap((page) => page.items);
  return (
    <section>
      <h1>Returns</h1>
      {pages.isError && (
        <p className="note note-error" role="alert">
          {messageOf(pages.error)}
        </p>
      )}
      {pages.isPending && <Waiting />}
      {returns?.length === 0 && <p>You have sent nothing back. A delivered order's page is where a return begins.</p>}
      <ul className="rows">
        {returns?.map((one) => (
          <li key={String(one.id)} className="row">
            <span>
              <Link to={`/orders/${one.orderId}`}>{count(units(one.items), "item")}</Link>{" "}
              <span className="hint">{day(one.createTime)}</span>
              <br />
              <span dir="auto">{one.reason}</span>
              {one.comment !== "" && (
                <>
                  <br />
                  The shop: <span dir="auto">{one.comment}</span>
                </>
              )}
            </span>
            <strong>{NAMES[one.status]}</strong>
          </li>
        ))}
      </ul>
      {pages.hasNextPage && (
        <button className="button" onClick={() => void pages.fetchNextPage()}>
          Earlier returns
        </button>
      )}
    </section>
  );
}

function units(items: readonly { quantity: number }[]): number {
  return items.reduce((sum, { quantity }) => sum + quantity, 0);
}
