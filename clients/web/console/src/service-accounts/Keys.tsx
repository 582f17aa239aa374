import DeleteIcon from "@mui/icons-material/Delete";
import KeyIcon from "@mui/icons-material/Key";
import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { useCanAccess, useRecordContext, useTranslate } from "react-admin";
import { useShopCall } from "../data/useShopCall";
import { ActionButton } from "../ui/ActionButton";
import { PlainTable } from "../ui/PlainTable";
import { SecretDialog } from "../ui/Secret";
import { Panel } from "../ui/Panel";
import { momentText } from "../ui/time";
import { type Key, MOST_KEYS, type ServiceAccountRecord, addKey, revokeKey } from "./calls";

const T = "resources.service-accounts.keys";

/** The keys of an account: shown once, two at a time. */
export function Keys() {
  const translate = useTranslate();
  const account = useRecordContext<ServiceAccountRecord>();
  if (account === undefined) return null;
  const { keys } = account;
  return (
    <Panel title={`${T}.title`} actions={keys.length < MOST_KEYS && <AddButton account={account} />}>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {translate(keys.length === 0 ? `${T}.none` : `${T}.hint`)}
      </Typography>
      {keys.length > 0 && (
        <PlainTable
          label={`${T}.title`}
          rows={keys}
          rowKey={({ id }) => id}
          columns={[
            { title: `${T}.begins`, cell: ({ hint }) => <code>{hint}…</code> },
            { title: `${T}.created`, cell: ({ createTime }) => momentText(createTime) },
            { title: `${T}.used`, cell: ({ lastUseTime }) => momentText(lastUseTime) || translate("resources.service-accounts.never") },
            { title: "ra.action.remove", cell: (key) => <RevokeButton account={account} apiKey={key} />, numeric: true },
          ]}
        />
      )}
    </Panel>
  );
}

function AddButton({ account }: { account: ServiceAccountRecord }) {
  const translate = useTranslate();
  const [key, setKey] = useState("");
  const { canAccess } = useCanAccess({ resource: "service-accounts", action: "keys" });
  const add = useShopCall(`service-accounts.key/${account.etag}`, (id: string, requestId) => addKey(id, requestId), { onDone: setKey });
  if (!canAccess) return null;
  return (
    <>
      <Button size="small" variant="contained" startIcon={<KeyIcon />} disabled={add.isPending} onClick={() => add.act(account.id)}>
        {translate(`${T}.add`)}
      </Button>
      <SecretDialog secret={key} title={`${T}.added`} onClose={() => setKey("")} />
    </>
  );
}

function RevokeButton({ account, apiKey: { id, hint } }: { account: ServiceAccountRecord; apiKey: Key }) {
  const translate = useTranslate();
  return (
    <ActionButton
      label={`${T}.revoke`}
      color="error"
      icon={<DeleteIcon />}
      action={{
        name: `service-accounts.revoke/${id}`,
        title: translate(`${T}.revokeTitle`, { hint }),
        confirm: `${T}.revoke`,
        color: "error",
        done: `${T}.revoked`,
        call: (_: object, requestId) => revokeKey(account.id, id, requestId),
        children: <Typography>{translate(`${T}.revokeHint`)}</Typography>,
      }}
    />
  );
}
