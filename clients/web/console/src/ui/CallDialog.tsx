// A form in a dialog whose values go to a call of the shop: refusals land on its fields, and a double click acts once.
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import { type ReactNode, useId } from "react";
import { Form, HttpError, ResourceContextProvider, SaveButton, useAuthProvider, useNotify, useRefresh, useTranslate } from "react-admin";
import type { FieldValues } from "react-hook-form";
import { refusing } from "../data/refusals";
import { once } from "../data/requestIds";
import type { Calls, ConsoleRecord } from "../resource";
import { RefusalsOfNoField } from "./RecordForm";

export interface CallDialogProps<V extends object, T> {
  /** Says what is done to what, where the title does not: "orders.cancel/12". */
  readonly name?: string;
  readonly title: string;
  /** The resource whose texts its inputs have. */
  readonly resource: string;
  readonly values: V;
  readonly call: (values: V, requestId: string) => Promise<T>;
  /** What fields are called in the contract, where it is another word. */
  readonly fields?: Calls<ConsoleRecord>["fields"];
  /** What is missing, by field, before the shop is asked. */
  readonly check?: (values: V) => Record<string, string>;
  /** Said after success. */
  readonly done?: string;
  readonly onDone?: (reply: T) => void;
  readonly onClose: () => void;
  /** The text of the button. */
  readonly label?: string;
  readonly icon?: ReactNode;
  readonly color?: "primary" | "error";
  readonly children: ReactNode;
}

/** The fields are scrolled, and what is done with them stays in sight. */
const SCROLLING = { display: "flex", flexDirection: "column", minHeight: 0 } as const;

export function CallDialog<V extends object, T>(props: CallDialogProps<V, T>) {
  const { title, resource, values, onClose, label, icon, color = "primary", children } = props;
  const translate = useTranslate();
  const headingId = useId();
  const submit = useSubmit(props);
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby={headingId} sx={{ "& form": SCROLLING }}>
      <ResourceContextProvider value={resource}>
        <Form record={values} onSubmit={submit} sanitizeEmptyValues={false} noValidate>
          <DialogTitle id={headingId}>{title}</DialogTitle>
          <DialogContent>
            <RefusalsOfNoField />
            {children}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>{translate("ra.action.cancel")}</Button>
            <SaveButton label={label ?? "ra.action.save"} icon={icon} color={color} alwaysEnable />
          </DialogActions>
        </Form>
      </ResourceContextProvider>
    </Dialog>
  );
}

function useSubmit<V extends object, T>({ name, resource, title, call, check, fields, done, onDone, onClose }: CallDialogProps<V, T>) {
  const notify = useNotify();
  const refresh = useRefresh();
  const auth = useAuthProvider();
  return async (values: FieldValues) => {
    const missing = check?.(values as V) ?? {};
    if (Object.keys(missing).length > 0) return missing;
    try {
      const reply = await refusing(once([name ?? [resource, title], values], (id) => call(values as V, id)), fields);
      if (done !== undefined) notify(done, { type: "success" });
      onDone?.(reply);
      onClose();
      refresh();
      return undefined;
    } catch (failure) {
      await auth?.checkError(failure);
      const errors = failure instanceof HttpError ? (failure.body as { errors?: object }).errors : undefined;
      if (errors !== undefined) return errors;
      notify(failure instanceof Error ? failure.message : "console.failure.unknown", { type: "error" });
      return {};
    }
  };
}
