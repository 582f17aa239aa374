// A button that asks, in a dialog, before it calls the shop: a few fields, or only whether it is meant.
import Button, { type ButtonProps } from "@mui/material/Button";
import { type ReactNode, useState } from "react";
import { useResourceContext, useTranslate } from "react-admin";
import type { Calls, ConsoleRecord } from "../resource";
import { CallDialog } from "./CallDialog";

export interface Action<V extends object, T = unknown> {
  /** Says what is done to what, so that doing it twice by a double click does it once: "orders.cancel/12". */
  readonly name: string;
  readonly title: string;
  /** What the button that does it says. */
  readonly confirm: string;
  readonly call: (values: V, requestId: string) => Promise<T>;
  /** Said when it is done. */
  readonly done?: string;
  readonly onDone?: (reply: T) => void;
  readonly initial?: Partial<V>;
  /** What the form's fields are called in the request, where it is another word. */
  readonly fields?: Calls<ConsoleRecord>["fields"];
  /** What is missing, by field, before the shop is asked. */
  readonly check?: (values: V) => Record<string, string>;
  readonly color?: "primary" | "error";
  readonly children?: ReactNode;
}

export function ActionButton<V extends object, T>({
  action,
  label,
  icon,
  ...props
}: { action: Action<V, T>; label: string; icon?: ReactNode } & Omit<ButtonProps, "action">) {
  const [isOpen, setOpen] = useState(false);
  const translate = useTranslate();
  const resource = useResourceContext() ?? "";
  const { name, title, confirm, call, initial, children = null, ...rest } = action;
  return (
    <>
      <Button size="small" startIcon={icon} onClick={() => setOpen(true)} {...props}>
        {translate(label, { _: label })}
      </Button>
      {isOpen && (
        <CallDialog
          {...rest}
          name={name}
          resource={resource}
          title={translate(title, { _: title })}
          label={confirm}
          icon={null}
          values={(initial ?? {}) as V}
          call={call}
          onClose={() => setOpen(false)}
        >
          {children}
        </CallDialog>
      )}
    </>
  );
}
