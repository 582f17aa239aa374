import { CreatePage } from "../ui/RecordPages";
import { SynonymForm } from "./SynonymForm";

export default function SynonymCreate() {
  return (
    <CreatePage>
      <SynonymForm />
    </CreatePage>
  );
}
