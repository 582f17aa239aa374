import KeyIcon from "@mui/icons-material/Key";
import SendIcon from "@mui/icons-material/Send";
import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { useEffect, useState } from "react";
import { EditButton, NumberInput, TopToolbar, required, useNotify, useRecordContext, useTranslate } from "react-admin";
import { useShopCall } from "../data/useShopCall";
import { ActionButton } from "../ui/ActionButton";
import { Facts, Panel } from "../ui/Panel";
import { ShowPage } from "../ui/RecordPages";
import { SecretDialog } from "../ui/Secret";
import { momentText } from "../ui/time";
import { Deliveries } from "./Deliveries";
import { eventText } from "./WebhookForm";
import { WebhookState } from "./WebhookState";
import { type WebhookRecord, ping, rotateSecret } from "./calls";
import { secrets } from "./secrets";

const T = "resources.webhooks";

/** Hours for which a secret counts beside its successor, unless something else is chosen. */
const OVERLAP_HOURS = 24;

export default function WebhookShow() {
  return (
    <ShowPage actions={<Actions />} component="div">
      <Page />
    </ShowPage>
  );
}

function Page() {
  const translate = useTranslate();
  const webhook = useRecordContext<WebhookRecord>();
  if (webhook === undefined) return null;
  const events = webhook.eventTypes.map((event) => eventText(event, translate)).join(", ") || translate(`${T}.allEvents`);
  return (
    <>
      <Panel title={webhook.url} actions={<WebhookState webhook={webhook} />}>
        {webhook.disabledReason && (
          <Alert severity="error" sx={{ mb: 2 }}>
            {webhook.disabledReason}
          </Alert>
        )}
        <Facts
          rows={[
            [`${T}.fields.eventTypes`, events],
            [`${T}.fields.createTime`, momentText(webhook.createTime)],
            [`${T}.secret`, webhook.oldSecretExpireTime && translate(`${T}.oldSecret`, { time: momentText(webhook.oldSecretExpireTime) })],
          ]}
        />
      </Panel>
      <Deliveries webhook={webhook} />
    </>
  );
}

function Actions() {
  const webhook = useRecordContext<WebhookRecord>();
  const [secret, setSecret] = useState("");
  const id = webhook?.id ?? "";
  useEffect(() => {
    const created = secrets.take(id);
    if (created !== "") setSecret(created);
  }, [id]);
  if (webhook === undefined) return <TopToolbar />;
  return (
    <TopToolbar sx={{ flexWrap: "wrap" }}>
      <PingButton webhook={webhook} />
      <RotateButton webhook={webhook} onDone={setSecret} />
      <EditButton />
      <SecretDialog secret={secret} title={`${T}.secret`} onClose={() => setSecret("")} />
    </TopToolbar>
  );
}

function PingButton({ webhook }: { webhook: WebhookRecord }) {
  const translate = useTranslate();
  const notify = useNotify();
  const test = useShopCall("webhooks.ping", (id: string) => ping(id), {
    onDone: ({ delivered, responseCode, error }) => {
      if (delivered) notify(`${T}.pinged`, { type: "success", messageArgs: { code: responseCode } });
      else notify(`${T}.pingFailed`, { type: "warning", messageArgs: { error: error || String(responseCode) } });
    },
  });
  return (
    <Button size="small" startIcon={<SendIcon />} disabled={test.isPending} onClick={() => test.act(webhook.id)}>
      {translate(`${T}.ping`)}
    </Button>
  );
}

function RotateButton({ webhook, onDone }: { webhook: WebhookRecord; onDone: (secret: string) => void }) {
  const translate = useTranslate();
  return (
    <ActionButton<{ overlap: number }, string>
      label={`${T}.rotate`}
      icon={<KeyIcon />}
      action={{
        name: `webhooks.rotate/${webhook.id}/${webhook.etag}`,
        title: `${T}.rotate`,
        confirm: `${T}.rotate`,
        initial: { overlap: OVERLAP_HOURS },
        fields: { overlap: "overlap_seconds" },
        call: ({ overlap }, requestId) => rotateSecret(webhook.id, overlap, requestId),
        onDone,
        children: (
          <>
            <Typography sx={{ mb: 1 }}>{translate(`${T}.rotateHint`)}</Typography>
            <NumberInput source="overlap" label={`${T}.overlap`} min={0} max={168} validate={required()} />
          </>
        ),
      }}
    />
  );
}
