import { ExportOrdersRequest_Format } from "@sanset/client/gen/sanset/v1/order_service_pb.js";
import { DateInput } from "react-admin";
import { fileName, saveStream } from "../data/saveFile";
import { shop } from "../shop";
import { ExportButton, type ExportValues } from "../ui/ExportButton";
import { placedBetween } from "./calls";

async function save({ format, from, until }: ExportValues): Promise<void> {
  const file = shop.orders.exportOrders({ format: ExportOrdersRequest_Format[format], ...placedBetween(from, until) });
  await saveStream(file, fileName("orders", format));
}

const asDay = (day: string) => day;

export function ExportOrders() {
  return (
    <ExportButton name="orders" save={save}>
      <DateInput source="from" label="resources.orders.fields.from" parse={asDay} />
      <DateInput source="until" label="resources.orders.fields.until" parse={asDay} />
    </ExportButton>
  );
}
