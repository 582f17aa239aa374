import BlockIcon from "@mui/icons-material/Block";
import LockOpenIcon from "@mui/icons-material/LockOpen";
import LockResetIcon from "@mui/icons-material/LockReset";
import ManageAccountsIcon from "@mui/icons-material/ManageAccounts";
import StarsIcon from "@mui/icons-material/Stars";
import Typography from "@mui/material/Typography";
import type { ReactNode } from "react";
import { NumberInput, TextInput, TopToolbar, required, useCanAccess, useRecordContext, useTranslate } from "react-admin";
import { ActionButton } from "../ui/ActionButton";
import { RoleInput } from "../ui/role";
import { type CustomerRecord, adjustPoints, resetSecondFactor, setActive, setRole, unlock } from "./calls";

const T = "resources.customers";

export function CustomerActions() {
  const customer = useRecordContext<CustomerRecord>();
  const { canAccess: mayDecide } = useCanAccess({ resource: "customers", action: "decide" });
  const { canAccess: mayAdjust } = useCanAccess({ resource: "customers", action: "points" });
  if (customer === undefined) return <TopToolbar />;
  return (
    <TopToolbar sx={{ flexWrap: "wrap" }}>
      {mayAdjust && <PointsButton customer={customer} />}
      {mayDecide && <Decisions customer={customer} />}
    </TopToolbar>
  );
}

function Decisions({ customer }: { customer: CustomerRecord }) {
  const { id, state, details } = customer;
  const isOpen = state !== "DEACTIVATED";
  return (
    <>
      <RoleButton customer={customer} />
      {(state === "LOCKED" || (details?.failures.length ?? 0) > 0) && (
        <Plain name="unlock" id={id} hint="unlockHint" done="unlocked" icon={<LockOpenIcon />} call={(requestId) => unlock(id, requestId)} />
      )}
      <Plain name="resetSecondFactor" id={id} hint="resetHint" done="reset" icon={<LockResetIcon />} isGrave call={(requestId) => resetSecondFactor(id, requestId)} />
      {isOpen ? (
        <Plain name="close" id={id} hint="closeHint" done="closed" icon={<BlockIcon />} isGrave call={(requestId) => setActive(id, false, requestId)} />
      ) : (
        <Plain name="open" id={id} done="opened" icon={<LockOpenIcon />} call={(requestId) => setActive(id, true, requestId)} />
      )}
    </>
  );
}

interface PlainProps {
  name: "unlock" | "resetSecondFactor" | "close" | "open";
  id: string;
  hint?: string;
  done: string;
  icon: ReactNode;
  isGrave?: boolean;
  call: (requestId: string) => Promise<unknown>;
}

/** An action without fields: it is only made sure that it is meant. */
function Plain({ name, id, hint, done, icon, isGrave = false, call }: PlainProps) {
  const translate = useTranslate();
  const color = isGrave ? "error" : "primary";
  return (
    <ActionButton
      label={`${T}.${name}`}
      color={color}
      icon={icon}
      action={{
        name: `customers.${name}/${id}`,
        title: `${T}.${name}`,
        confirm: `${T}.${name}`,
        color,
        done: `${T}.${done}`,
        call: (_: object, requestId) => call(requestId),
        children: hint && <Typography>{translate(`${T}.${hint}`)}</Typography>,
      }}
    />
  );
}

function RoleButton({ customer: { id, role } }: { customer: CustomerRecord }) {
  const translate = useTranslate();
  return (
    <ActionButton<{ role: string }, unknown>
      label={`${T}.setRole`}
      icon={<ManageAccountsIcon />}
      action={{
        name: `customers.role/${id}`,
        title: `${T}.setRole`,
        confirm: "ra.action.save",
        done: `${T}.roleSet`,
        initial: { role },
        call: (values, requestId) => setRole(id, values.role, requestId),
        children: (
          <>
            <Typography sx={{ mb: 1 }}>{translate(`${T}.roleHint`)}</Typography>
            <RoleInput source="role" label={`${T}.fields.role`} isRequired />
          </>
        ),
      }}
    />
  );
}

function PointsButton({ customer: { id } }: { customer: CustomerRecord }) {
  return (
    <ActionButton<{ points: number; reason: string }, unknown>
      label={`${T}.adjustPoints`}
      icon={<StarsIcon />}
      action={{
        name: `customers.points/${id}`,
        title: `${T}.adjustPoints`,
        confirm: "ra.action.save",
        done: `${T}.pointsAdjusted`,
        call: ({ points, reason }, requestId) => adjustPoints(id, points, reason, requestId),
        children: (
          <>
            <NumberInput source="points" label={`${T}.pointsBy`} step={1} validate={required()} />
            <TextInput source="reason" label={`${T}.pointsWhy`} validate={required()} />
          </>
        ),
      }}
    />
  );
}
