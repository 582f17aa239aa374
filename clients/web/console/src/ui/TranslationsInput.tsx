// The texts of a record in further languages: a row for each language.
import type { ReactNode } from "react";
import { ArrayInput, SimpleFormIterator, TextInput, required } from "react-admin";

/** `children` are the inputs of a language's texts. */
export function TranslationsInput({ label, children }: { label?: string | false; children: ReactNode }) {
  return (
    <ArrayInput source="translations" label={label}>
      <SimpleFormIterator disableReordering fullWidth>
        <TextInput
          source="language"
          label="resources.products.texts.language"
          validate={required()}
          helperText="resources.products.languageHint"
        />
        {children}
      </SimpleFormIterator>
    </ArrayInput>
  );
}
