import SearchIcon from "@mui/icons-material/Search";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import type { Loyalty } from "@sanset/client/gen/sanset/v1/promotion_pb.js";
import { type FormEvent, useState } from "react";
import { NumberInput, TextInput, required, useNotify, useTranslate } from "react-admin";
import { useSearchParams } from "react-router-dom";
import { useShopCall } from "../data/useShopCall";
import { useShopQuery } from "../data/useShopQuery";
import { readAmount } from "../data/values";
import { CallDialog } from "../ui/CallDialog";
import { Loaded } from "../ui/Loaded";
import { Section } from "../ui/Section";
import { amountText } from "../ui/money";
import { PointsHistory } from "./PointsHistory";
import { type Adjustment, adjust, findCustomer, readStanding } from "./calls";

const T = "pages.loyalty";

/** Finds a customer, and shows their points. Who it is stands in the address. */
export function CustomerPoints() {
  const translate = useTranslate();
  const notify = useNotify();
  const [search, setSearch] = useSearchParams();
  const [text, setText] = useState(search.get("user") ?? "");
  const userId = search.get("user") ?? "";
  const find = useShopCall("loyalty.find", findCustomer, {
    onDone: (customer) => {
      if (customer === undefined) notify(`${T}.nobody`, { type: "warning" });
      else setSearch({ user: customer.id, ...(customer.name && { name: customer.name }) }, { replace: true });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") find.act(text);
  };
  return (
    <>
      <Section title={`${T}.customer`} />
      <Box component="form" onSubmit={submit} sx={{ display: "flex", gap: 1, alignItems: "flex-start", flexWrap: "wrap" }}>
        <TextField
          label={translate(`${T}.customerLabel`)}
          helperText={translate(`${T}.customerHint`)}
          value={text}
          onChange={(event) => setText(event.target.value)}
          size="small"
          sx={{ flex: "1 1 16rem", maxWidth: "32rem" }}
        />
        <Button type="submit" variant="contained" startIcon={<SearchIcon />} disabled={find.isPending} sx={{ mt: 0.5 }}>
          {translate(`${T}.find`)}
        </Button>
      </Box>
      {userId !== "" && <Points key={userId} userId={userId} name={search.get("name") ?? userId} />}
    </>
  );
}

function Points({ userId, name }: { userId: string; name: string }) {
  const translate = useTranslate();
  const query = useShopQuery(["loyalty", userId], (signal) => readStanding(userId, signal));
  const [isOpen, setOpen] = useState(false);
  const values: Adjustment = { userId, points: null, reason: "" };
  return (
    <Loaded query={query}>
      {(standing) => (
        <Stack spacing={2} sx={{ mt: 2 }}>
          <Standing standing={standing} name={name} />
          <div>
            <Button variant="outlined" onClick={() => setOpen(true)}>
              {translate(`${T}.adjust`)}
            </Button>
          </div>
          <PointsHistory userId={userId} />
          {isOpen && (
            <CallDialog
              title={`${translate(`${T}.adjust`)}: ${name}`}
              resource="loyalty"
              values={values}
              call={adjust}
              done={`${T}.adjusted`}
              onClose={() => setOpen(false)}
            >
              <NumberInput source="points" label={`${T}.adjustPoints`} step={1} validate={required()} autoFocus />
              <TextInput source="reason" label={`${T}.adjustReason`} validate={required()} />
            </CallDialog>
          )}
        </Stack>
      )}
    </Loaded>
  );
}

function Standing({ standing, name }: { standing: Loyalty; name: string }) {
  const translate = useTranslate();
  const { tier, points, value, lifetimePoints, nextTier, pointsToNextTier, pendingPoints, owedPoints } = standing;
  const said = (key: string, count: bigint, more: Record<string, string> = {}) =>
    translate(`${T}.${key}`, { points: count.toLocaleString(), ...more });
  return (
    <div>
      <Typography variant="subtitle1" component="h3">
        {name}: {said("standing", points, { tier: tier?.name ?? "", value: amountText(readAmount(value)) })}
      </Typography>
      <Typography variant="body2">
        {said("lifetime", lifetimePoints)} {nextTier && said("next", pointsToNextTier, { tier: nextTier.name })}{" "}
        {pendingPoints > 0n && said("pending", pendingPoints)} {owedPoints > 0n && said("owed", owedPoints)}
      </Typography>
    </div>
  );
}
