import Stack from "@mui/material/Stack";
import { DeleteWithConfirmButton, SaveButton, Toolbar, useRecordContext, useTranslate } from "react-admin";
import { EditPage } from "../ui/RecordPages";
import { ProductForm } from "./ProductForm";
import { ProductTabs } from "./ProductTabs";
import type { ProductRecord } from "./calls";

export default function ProductEdit() {
  return (
    <EditPage redirect={false} actions={false}>
      <ProductTabs details={<ProductForm toolbar={<Buttons />} />} />
    </EditPage>
  );
}

function Buttons() {
  const translate = useTranslate();
  const record = useRecordContext<ProductRecord>();
  return (
    <Toolbar>
      <Stack direction="row" sx={{ justifyContent: "space-between", flexGrow: 1 }}>
        <SaveButton />
        <DeleteWithConfirmButton
          confirmTitle={translate("resources.products.deleteTitle", { name: record?.name })}
          confirmContent="resources.products.deleteContent"
          mutationMode="pessimistic"
        />
      </Stack>
    </Toolbar>
  );
}
