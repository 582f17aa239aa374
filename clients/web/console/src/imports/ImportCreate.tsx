import UploadFileIcon from "@mui/icons-material/UploadFile";
import { BooleanInput, FileField, FileInput, RadioButtonGroupInput, SaveButton, SelectInput, Toolbar, required, useCanAccess, useTranslate } from "react-admin";
import { CreatePage } from "../ui/RecordPages";
import { RecordForm } from "../ui/RecordForm";
import { en } from "./messages";

const T = "resources.imports";
const FORMATS = Object.keys(en.formats).map((id) => ({ id, name: `${T}.formats.${id}` }));
const ENCODINGS = Object.keys(en.encodings).map((id) => ({ id, name: `${T}.encodings.${id}` }));
const DEFAULTS = { format: "FORMAT_UNSPECIFIED", encoding: "UTF_8", dryRun: true, createCategories: false };

/** What was begun is watched. */
export default function ImportCreate() {
  const translate = useTranslate();
  const { canAccess: mayCreateCategories } = useCanAccess({ resource: "imports", action: "createCategories" });
  return (
    <CreatePage redirect="show">
      <RecordForm defaultValues={DEFAULTS} toolbar={<Begin />}>
        <FileInput
          source="file"
          placeholder={<span>{translate(`${T}.choose`)}</span>}
          inputProps={{ "aria-label": translate(`${T}.fields.file`) }}
          accept={ACCEPTED}
          validate={required()}
          helperText={`${T}.fileHint`}
        >
          <FileField source="src" title="title" />
        </FileInput>
        <RadioButtonGroupInput source="encoding" choices={ENCODINGS} />
        <SelectInput source="format" choices={FORMATS} validate={required()} />
        <BooleanInput source="dryRun" />
        {mayCreateCategories && <BooleanInput source="createCategories" />}
      </RecordForm>
    </CreatePage>
  );
}

const ACCEPTED = { "text/csv": [".csv", ".tsv", ".txt"], "application/jsonl": [".jsonl", ".ndjson", ".json"] };

function Begin() {
  return (
    <Toolbar>
      <SaveButton label={`${T}.begin`} icon={<UploadFileIcon />} alwaysEnable />
    </Toolbar>
  );
}
