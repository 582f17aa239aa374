import { CreatePage } from "../ui/RecordPages";
import { LocationForm } from "./LocationForm";

export default function LocationCreate() {
  return (
    <CreatePage>
      <LocationForm isNew />
    </CreatePage>
  );
}
