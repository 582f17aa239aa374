import LinearProgress from "@mui/material/LinearProgress";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Form, useTranslate } from "react-admin";
import { useWatch } from "react-hook-form";
import { useSearchParams } from "react-router-dom";
import { refusing } from "../data/refusals";
import { Failure } from "../ui/Failure";
import { PlainTable } from "../ui/PlainTable";
import { Panel } from "../ui/Panel";
import { CustomerInput } from "../ui/customer";
import { amountText } from "../ui/money";
import { measureText } from "../ui/numbers";
import { type RecommendedList, listFor, reorderFor } from "./calls";

const T = "pages.recommendations.why";

/** What a customer is shown, and why. The customer is in the address, so that the page can be passed on. */
export function WhyPart() {
  const translate = useTranslate();
  const [address, setAddress] = useSearchParams();
  const userId = address.get("user") ?? "";
  return (
    <Panel title={`${T}.title`}>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {translate(`${T}.hint`)}
      </Typography>
      <Form record={{ userId }}>
        <CustomerInput source="userId" label={`${T}.user`} />
        <Chosen onChange={(id) => id !== userId && setAddress(id === "" ? {} : { user: id }, { replace: true })} />
      </Form>
      {/^\d+$/.test(userId) && userId !== "0" && (
        <>
          <List title={`${T}.home`} userId={userId} read={listFor} />
          <List title={`${T}.reorder`} userId={userId} read={reorderFor} />
        </>
      )}
    </Panel>
  );
}

function Chosen({ onChange }: { onChange: (id: string) => void }) {
  const id = String(useWatch<{ userId: string | number | null }>({ name: "userId" }) ?? "");
  useEffect(() => {
    onChange(id); // the address follows what is chosen, not the other way round
  }, [id]);
  return null;
}

function List({ title, userId, read }: { title: string; userId: string; read: (id: string, signal: AbortSignal) => Promise<RecommendedList> }) {
  const translate = useTranslate();
  const { data, error, isPending } = useQuery({
    queryKey: ["recommendations", title, userId],
    queryFn: ({ signal }) => refusing(read(userId, signal)),
  });
  return (
    <>
      <Typography variant="subtitle1" component="h3" sx={{ mt: 2 }}>
        {translate(title)}
      </Typography>
      {isPending && <LinearProgress aria-label={translate("ra.page.loading")} />}
      {error && <Failure failure={error} />}
      {data?.items.length === 0 && <Typography color="text.secondary">{translate(`${T}.none`)}</Typography>}
      {data !== undefined && data.items.length > 0 && (
        <>
          <PlainTable
            label={title}
            rows={data.items}
            rowKey={({ productId }) => productId}
            columns={[
              { title: `${T}.product`, cell: ({ name }) => name },
              { title: `${T}.reason`, cell: ({ reason }) => reason },
              { title: `${T}.source`, cell: ({ source }) => translate(`${T}.sources.${source}`, { _: source }) },
              { title: `${T}.score`, cell: ({ score }) => measureText(score), numeric: true },
              { title: `${T}.price`, cell: ({ price }) => amountText(price), numeric: true },
            ]}
          />
          <Typography variant="caption" color="text.secondary">
            {translate(`${T}.model`, { version: data.modelVersion })}
          </Typography>
        </>
      )}
    </>
  );
}
