import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslate } from "react-admin";
import { refusing } from "../data/refusals";
import { useShopCall } from "../data/useShopCall";
import { useShopQuery } from "../data/useShopQuery";
import { Failure } from "../ui/Failure";
import { Loaded } from "../ui/Loaded";
import { Panel } from "../ui/Panel";
import { PlainTable } from "../ui/PlainTable";
import { RecordLink } from "../ui/RecordLink";
import { StatusChip } from "../ui/StatusChip";
import { momentText } from "../ui/time";
import { eventText } from "./WebhookForm";
import { type Delivery, type WebhookRecord, deliveriesTo, deliveryOf, replay } from "./calls";

const T = "resources.webhooks.deliveries";
const COLOURS = { STATUS_UNSPECIFIED: "default", PENDING: "warning", DELIVERED: "success", FAILED: "error" } as const;
const STATUSES = ["STATUS_UNSPECIFIED", "PENDING", "DELIVERED", "FAILED"] as const;

/** What was sent to an endpoint, and how it went. */
export function Deliveries({ webhook }: { webhook: WebhookRecord }) {
  const translate = useTranslate();
  const [status, setStatus] = useState<Delivery["status"]>("STATUS_UNSPECIFIED");
  const [shown, setShown] = useState("");
  const { data, error, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery({
    queryKey: ["webhooks", "deliveries", webhook.id, status],
    queryFn: ({ pageParam, signal }) => refusing(deliveriesTo(webhook.id, status, pageParam, signal)),
    initialPageParam: "",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
  });
  const rows = data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Panel title={`${T}.title`} actions={<StatusFilter status={status} onChange={setStatus} />}>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {translate(data && rows.length === 0 ? `${T}.none` : `${T}.hint`)}
      </Typography>
      {error && <Failure failure={error} />}
      {rows.length > 0 && (
        <PlainTable
          label={`${T}.title`}
          rows={rows}
          rowKey={({ id }) => id}
          columns={[
            { title: `${T}.time`, cell: ({ createTime }) => momentText(createTime) },
            { title: `${T}.event`, cell: ({ eventType }) => eventText(eventType, translate) },
            { title: `${T}.order`, cell: ({ orderId }) => <RecordLink resource="orders" id={orderId}>{orderId}</RecordLink> },
            { title: `${T}.status`, cell: (delivery) => <Standing delivery={delivery} /> },
            { title: `${T}.attempts`, cell: ({ attempts }) => attempts, numeric: true },
            { title: `${T}.answer`, cell: ({ responseCode, error: why }) => [responseCode || "", why].filter(Boolean).join(" ") },
            { title: "ra.action.show", cell: (delivery) => <DeliveryButtons delivery={delivery} onShow={setShown} /> },
          ]}
        />
      )}
      {hasNextPage && (
        <Button disabled={isFetching} onClick={() => void fetchNextPage()}>
          {translate(`${T}.more`)}
        </Button>
      )}
      {shown !== "" && <Body id={shown} onClose={() => setShown("")} />}
    </Panel>
  );
}

function StatusFilter({ status, onChange }: { status: Delivery["status"]; onChange: (status: Delivery["status"]) => void }) {
  const translate = useTranslate();
  return (
    <TextField select size="small" label={translate(`${T}.status`)} value={status} onChange={(event) => onChange(event.target.value as Delivery["status"])} sx={{ minWidth: "10rem" }}>
      {STATUSES.map((one) => (
        <MenuItem key={one} value={one}>
          {translate(one === "STATUS_UNSPECIFIED" ? `${T}.all` : `${T}.statuses.${one}`)}
        </MenuItem>
      ))}
    </TextField>
  );
}

function Standing({ delivery: { status, nextAttemptTime } }: { delivery: Delivery }) {
  const translate = useTranslate();
  return (
    <>
      <StatusChip text={`${T}.statuses.${status}`} color={COLOURS[status]} />
      {status === "PENDING" && nextAttemptTime && (
        <Typography variant="caption" component="p">
          {translate(`${T}.next`, { time: momentText(nextAttemptTime) })}
        </Typography>
      )}
    </>
  );
}

function DeliveryButtons({ delivery: { id }, onShow }: { delivery: Delivery; onShow: (id: string) => void }) {
  const translate = useTranslate();
  const again = useShopCall("webhooks.replay", (deliveryId: string, requestId) => replay(deliveryId, requestId), { done: `${T}.replayed` });
  return (
    <Box sx={{ display: "flex" }}>
      <Button size="small" onClick={() => onShow(id)}>
        {translate(`${T}.show`)}
      </Button>
      <Button size="small" disabled={again.isPending} onClick={() => again.act(id)}>
        {translate(`${T}.replay`)}
      </Button>
    </Box>
  );
}

function Body({ id, onClose }: { id: string; onClose: () => void }) {
  const translate = useTranslate();
  const query = useShopQuery(["webhooks", "delivery", id], (signal) => deliveryOf(id, signal));
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="md" aria-labelledby="body-title">
      <DialogTitle id="body-title">{translate(`${T}.body`)}</DialogTitle>
      <DialogContent>
        <Loaded query={query}>
          {({ body }) => (
            <Box component="pre" tabIndex={0} sx={{ m: 0, overflowX: "auto", fontSize: "0.8rem" }}>
              {readable(body)}
            </Box>
          )}
        </Loaded>
      </DialogContent>
    </Dialog>
  );
}

function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
