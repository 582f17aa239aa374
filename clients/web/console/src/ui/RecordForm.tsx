// A form of a record: one column, its refusals beside their fields, and above it those of no field.
import Alert from "@mui/material/Alert";
import type { ReactNode } from "react";
import { SimpleForm, type SimpleFormProps, useTranslate } from "react-admin";
import { type FieldErrors, useFormState } from "react-hook-form";

export function RecordForm({ children, ...props }: SimpleFormProps & { children: ReactNode }) {
  return (
    <SimpleForm noValidate {...props} sx={{ maxWidth: "40rem" }}>
      <RefusalsOfNoField />
      {children}
    </SimpleForm>
  );
}

/** What the shop refused about something that the form does not show. */
export function RefusalsOfNoField() {
  const { errors } = useFormState();
  const translate = useTranslate();
  const sentences = withoutInput(errors);
  if (sentences.length === 0) return null;
  return (
    <Alert severity="error" sx={{ mb: 2, width: "100%" }}>
      {sentences.map((sentence) => (
        <div key={sentence}>{translate(sentence, { _: sentence })}</div>
      ))}
    </Alert>
  );
}

/** Errors of inputs have a reference to them. */
function withoutInput(errors: FieldErrors, path = ""): string[] {
  return Object.entries(errors).flatMap(([name, error]) => {
    if (error === undefined || typeof error !== "object" || "ref" in error && error.ref !== undefined) return [];
    if (typeof error.message === "string") return [`${path}${name}: ${error.message}`];
    return withoutInput(error as FieldErrors, `${path}${name}.`);
  });
}
