import { EditPage } from "../ui/RecordPages";
import { CouponForm } from "./CouponForm";

export default function CouponEdit() {
  return (
    <EditPage>
      <CouponForm />
    </EditPage>
  );
}
