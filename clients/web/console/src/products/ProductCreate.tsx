import { CreatePage } from "../ui/RecordPages";
import { ProductForm } from "./ProductForm";

/** What was created is opened, as its pictures and variants come next. */
export default function ProductCreate() {
  return (
    <CreatePage redirect="edit">
      <ProductForm isNew />
    </CreatePage>
  );
}
