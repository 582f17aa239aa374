import { CreatePage } from "../ui/RecordPages";
import { CouponForm } from "./CouponForm";

export default function CouponCreate() {
  return (
    <CreatePage>
      <CouponForm isNew />
    </CreatePage>
  );
}
