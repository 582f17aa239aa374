// Forms whose refusals stand beside the fields that they are about.
import { SansetError } from "@sanset/client";
import { type FormEvent, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, createContext, useContext, useEffect, useId, useRef, useState } from "react";
import { messageOf } from "../shop";

interface Refusals {
  /** By the name of the field as the contract has it: "address.postal_code". */
  readonly fields: ReadonlyMap<string, string>;
  readonly sentence: string | undefined;
}

const NONE: Refusals = { fields: new Map(), sentence: undefined };
const FormContext = createContext<Refusals>(NONE);

/**
 * A form that calls the shop. `send` gets the values by the names of the fields; what it rejects with is shown, and
 * nothing that was typed is lost. While it runs the form cannot be sent again.
 */
export function Form({
  send,
  label,
  busyLabel,
  children,
  className = "form",
}: {
  send: (values: Values) => Promise<void>;
  label: string;
  busyLabel?: string;
  children: ReactNode;
  className?: string;
}) {
  const [refusals, setRefusals] = useState(NONE);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (refusals !== NONE) form.current?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert]")?.focus();
  }, [refusals]);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setRefusals(NONE);
    try {
      await send(new Values(new FormData(event.currentTarget)));
    } catch (failure) {
      setRefusals(refusalsOf(failure, form.current));
    } finally {
      setBusy(false);
    }
  }

  return (
    <FormContext value={refusals}>
      <form className={className} ref={form} onSubmit={(event) => void submit(event)} noValidate>
        {refusals.sentence !== undefined && (
          <p className="note note-error" role="alert" tabIndex={-1}>
            {refusals.sentence}
          </p>
        )}
        {children}
        <button className="button button-main" type="submit" aria-disabled={busy}>
          {busy ? (busyLabel ?? `${label} …`) : label}
        </button>
      </form>
    </FormContext>
  );
}

/** What was typed. */
export class Values {
  constructor(private readonly data: FormData) {}

  text(name: string): string {
    const value = this.data.get(name);
    return typeof value === "string" ? value.trim() : "";
  }

  /** As it is: blanks belong to a password. */
  secret(name: string): string {
    const value = this.data.get(name);
    return typeof value === "string" ? value : "";
  }

  has(name: string): boolean {
    return this.data.has(name);
  }
}

type FieldProps = { label: string; name: string; hint?: string; rows?: number } & InputHTMLAttributes<HTMLInputElement>;

/** A labelled input, of several lines with `rows`. `name` is the field's name in the contract. */
export function Field({ label, name, hint, rows, ...input }: FieldProps) {
  const optional = input.required !== true && input.type !== "checkbox";
  return (
    <Labelled label={label} name={name} hint={hint} optional={optional}>
      {(shared) =>
        rows === undefined ? (
          <input {...shared} {...input} />
        ) : (
          <textarea {...shared} rows={rows} maxLength={input.maxLength} dir="auto" />
        )
      }
    </Labelled>
  );
}

type ChoiceProps = { label: string; name: string } & SelectHTMLAttributes<HTMLSelectElement>;

/** A labelled choice of the options within it. */
export function Choice({ label, name, ...select }: ChoiceProps) {
  return (
    <Labelled label={label} name={name} hint={undefined} optional={select.required !== true}>
      {(shared) => <select {...shared} {...select} />}
    </Labelled>
  );
}

interface Shared {
  readonly id: string;
  readonly name: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby"?: string;
}

/** What stands around an input: its label, a hint, and what the shop refused of it. */
function Labelled({
  label,
  name,
  hint,
  optional,
  children,
}: {
  label: string;
  name: string;
  hint: string | undefined;
  optional: boolean;
  children: (shared: Shared) => ReactNode;
}) {
  const id = useId();
  const refusal = useContext(FormContext).fields.get(name);
  const described = [refusal && `${id}-refusal`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return (
    <p className="field">
      <label htmlFor={id}>
        {label}
        {optional && <span className="optional"> (optional)</span>}
      </label>
      {children({ id, name, "aria-invalid": refusal !== undefined, ...(described !== "" && { "aria-describedby": described }) })}
      {hint !== undefined && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {refusal !== undefined && (
        <span className="refusal" id={`${id}-refusal`}>
          {refusal}
        </span>
      )}
    </p>
  );
}

function refusalsOf(failure: unknown, form: HTMLFormElement | null): Refusals {
  if (!(failure instanceof SansetError)) return { fields: new Map(), sentence: messageOf(failure) };
  const shown = failure.violations.filter((violation) => form?.elements.namedItem(violation.field) != null);
  const fields = new Map(shown.map((violation) => [violation.field, violation.description]));
  // Said above the form where a field of it says nothing.
  return { fields, sentence: fields.size === 0 ? failure.message : undefined };
}
