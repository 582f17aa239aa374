import { EditPage } from "../ui/RecordPages";
import { SegmentForm } from "./SegmentForm";

export default function SegmentEdit() {
  return (
    <EditPage redirect="show">
      <SegmentForm />
    </EditPage>
  );
}
