import RestoreIcon from "@mui/icons-material/RestoreFromTrash";
import { useState } from "react";
import { Button, TextInput, useCanAccess, useTranslate } from "react-admin";
import { toId } from "../data/values";
import { shop } from "../shop";
import { CallDialog } from "../ui/CallDialog";
import type { ProductRecord } from "./calls";

/** Brings a product back; where its sku or slug is another's by now, under other ones. */
export function UndeleteButton({ record }: { record: ProductRecord }) {
  const translate = useTranslate();
  const { canAccess } = useCanAccess({ resource: "products", action: "undelete" });
  const [isOpen, setOpen] = useState(false);
  if (!canAccess) return null;
  return (
    <span onClick={(event) => event.stopPropagation()}>
      <Button label="resources.products.undelete" onClick={() => setOpen(true)}>
        <RestoreIcon />
      </Button>
      {isOpen && (
        <CallDialog
          title={`${translate("resources.products.undelete")}: ${record.name}`}
          resource="products"
          values={{ sku: record.sku, slug: record.slug }}
          call={({ sku, slug }) => shop.catalog.undeleteProduct({ productId: toId(record.id), sku, slug })}
          done="resources.products.undeleted"
          label="resources.products.undelete"
          onClose={() => setOpen(false)}
        >
          <TextInput source="sku" />
          <TextInput source="slug" />
        </CallDialog>
      )}
    </span>
  );
}
