import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { refusing } from "../data/refusals";
import { type OrderRecord, namesOf } from "../orders/record";
import { Failure } from "../ui/Failure";
import { Panel } from "../ui/Panel";
import { momentText } from "../ui/time";
import { ReturnActions } from "./ReturnActions";
import { ReturnStatus } from "./ReturnStatus";
import { type ReturnRecord, returnsOf } from "./calls";

/** The returns of an order, with what can be decided about them; nothing where there are none. */
export function ReturnsOfOrder({ order }: { order: OrderRecord }) {
  const { data = [], error } = useQuery({
    queryKey: ["orders", "returns", order.id, order.etag],
    queryFn: ({ signal }) => refusing(returnsOf(order.id, signal)),
  });
  if (error) return <Failure failure={error} />;
  if (data.length === 0) return null;
  return (
    <Panel title="resources.orders.sections.returns">
      {data.map((returned) => (
        <Item key={returned.id} returned={returned} order={order} />
      ))}
    </Panel>
  );
}

function Item({ returned, order }: { returned: ReturnRecord; order: OrderRecord }) {
  return (
    <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center", mb: 1 }}>
      <Box sx={{ flexGrow: 1, minWidth: "12rem" }}>
        <Typography variant="body2">{unitsText(returned, order)}</Typography>
        <Typography variant="caption" color="text.secondary">
          {[momentText(returned.createTime), returned.reason, returned.comment].filter(Boolean).join(" · ")}
        </Typography>
      </Box>
      <ReturnStatus status={returned.status} />
      <ReturnActions returned={returned} order={order} />
    </Box>
  );
}

export function unitsText({ units }: ReturnRecord, order: OrderRecord | undefined): string {
  const nameOf = namesOf(order?.lines);
  return units.map(({ variantId, quantity }) => `${quantity} × ${nameOf.get(variantId) ?? variantId}`).join(", ");
}
