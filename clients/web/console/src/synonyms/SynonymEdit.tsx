import { EditPage } from "../ui/RecordPages";
import { SynonymForm } from "./SynonymForm";

export default function SynonymEdit() {
  return (
    <EditPage>
      <SynonymForm />
    </EditPage>
  );
}
