import { CreatePage } from "../ui/RecordPages";
import { SegmentForm } from "./SegmentForm";

export default function SegmentCreate() {
  return (
    <CreatePage redirect="show">
      <SegmentForm />
    </CreatePage>
  );
}
