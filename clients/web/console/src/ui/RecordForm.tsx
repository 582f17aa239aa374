// A form of a record: one column, its refusals beside their fields, and above it those of no field.
import Alert from "@mui/material/Alert";
import { type ReactNode, useEffect, useRef } from "react";
import { SimpleForm, type SimpleFormProps, useTranslate } from "react-admin";
import { type FieldErrors, useFormContext, useFormState } from "react-hook-form";

export function RecordForm({ children, ...props }: SimpleFormProps & { children: ReactNode }) {
  return (
    <SimpleForm noValidate {...props} sx={{ maxWidth: "40rem" }}>
      <RefusalsOfNoField />
      {children}
    </SimpleForm>
  );
}

/**
 * What the shop refused about something that the form does not show. Such errors are moved to the form's own, which the
 * next attempt clears: others would keep it from being sent for ever.
 */
export function RefusalsOfNoField() {
  const { errors } = useFormState();
  const place = useFirstMistake();
  const { clearErrors, setError } = useFormContext();
  const translate = useTranslate();
  useEffect(() => {
    for (const { path, message } of withoutInput(errors)) {
      clearErrors(path);
      setError(`root.${path.replaceAll(".", "_")}`, { type: "server", message: `${path}: ${message}` });
    }
  }, [errors, clearErrors, setError]);
  const sentences = Object.values(errors.root ?? {}).flatMap((error) =>
    typeof error === "object" && typeof error.message === "string" ? [error.message] : [],
  );
  return (
    <>
      <span ref={place} hidden />
      {sentences.length > 0 && (
        <Alert severity="error" tabIndex={-1} sx={{ mb: 2, width: "100%" }}>
          {sentences.map((sentence) => (
            <div key={sentence}>{translate(sentence, { _: sentence })}</div>
          ))}
        </Alert>
      )}
    </>
  );
}

/** Leads to the first thing that was refused, which a long form may hide; put the reference into the form. */
function useFirstMistake() {
  const place = useRef<HTMLSpanElement>(null);
  const { isSubmitting, submitCount } = useFormState();
  useEffect(() => {
    if (isSubmitting || submitCount === 0) return;
    const mistake = place.current?.closest("form")?.querySelector<HTMLElement>('[aria-invalid="true"], [role="alert"]');
    mistake?.focus({ preventScroll: true });
    mistake?.scrollIntoView({ block: "center" });
  }, [isSubmitting, submitCount]);
  return place;
}

/** Errors of inputs have a reference to them. */
function withoutInput(errors: FieldErrors, under = ""): { path: string; message: string }[] {
  return Object.entries(errors).flatMap(([name, error]) => {
    if (path(under, name) === "root" || error === undefined || typeof error !== "object") return [];
    if ("ref" in error && error.ref !== undefined) return [];
    if (typeof error.message === "string") return [{ path: path(under, name), message: error.message }];
    return withoutInput(error as FieldErrors, path(under, name));
  });
}

function path(under: string, name: string): string {
  return under === "" ? name : `${under}.${name}`;
}
