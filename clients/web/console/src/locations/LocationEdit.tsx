import { EditPage } from "../ui/RecordPages";
import { LocationForm } from "./LocationForm";

export default function LocationEdit() {
  return (
    <EditPage>
      <LocationForm />
    </EditPage>
  );
}
