import { Order_View as View } from "@sanset/client/gen/sanset/v1/order_pb.js";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { count, day, money } from "../format";
import { messageOf, shop } from "../shop";
import { Waiting } from "../ui/Loaded";
import { useTitle } from "../ui/useTitle";
import { nameOf } from "./statuses";

export function OrdersPage() {
  useTitle("Orders");
  const pages = useInfiniteQuery({
    queryKey: ["mine", "orders"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      shop.orders.listOrders({ pageSize: 20, pageToken: pageParam, view: View.SUMMARY }, { signal }),
    getNextPageParam: (page) => page.nextPageToken || undefined,
  });
  const orders = pages.data?.pages.flatMap((page) => page.items);
  return (
    <section>
      <h1>Orders</h1>
      {pages.isError && (
        <p className="note note-error" role="alert">
          {messageOf(pages.error)}
        </p>
      )}
      {pages.isPending && <Waiting />}
      {orders?.length === 0 && <p>You have not bought anything yet.</p>}
      <ul className="rows">
        {orders?.map((order) => (
          <li key={String(order.id)} className="row">
            <Link to={`/orders/${order.id}`}>
              <strong>{order.number}</strong> · {day(order.createTime)}
            </Link>
            <span>
              {nameOf(order.status)} · {count(order.itemCount, "item")} · {money(order.totals?.total)}
            </span>
          </li>
        ))}
      </ul>
      {pages.hasNextPage && (
        <button className="button" onClick={() => void pages.fetchNextPage()}>
          Earlier orders
        </button>
      )}
    </section>
  );
}
