import { TextArrayInput, TextInput, required } from "react-admin";
import { RecordForm } from "../ui/RecordForm";

export function SynonymForm() {
  return (
    <RecordForm>
      <TextInput source="input" helperText="resources.synonyms.inputHint" />
      <TextArrayInput source="terms" validate={required()} helperText="resources.synonyms.termsHint" />
    </RecordForm>
  );
}
