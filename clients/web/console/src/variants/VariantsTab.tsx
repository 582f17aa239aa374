import AddIcon from "@mui/icons-material/Add";
import EditIcon from "@mui/icons-material/Edit";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import IconButton from "@mui/material/IconButton";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import { useState } from "react";
import { useCanAccess, useTranslate } from "react-admin";
import { useShopCall } from "../data/useShopCall";
import { useShopQuery } from "../data/useShopQuery";
import type { ProductRecord } from "../products/calls";
import { ConfirmButton } from "../ui/ConfirmButton";
import { Loaded } from "../ui/Loaded";
import { amountText } from "../ui/money";
import { VariantDialog } from "./VariantDialog";
import { type VariantRecord, deleteVariant, listVariants, variantName } from "./calls";

const T = "resources.variants";

export function VariantsTab({ product }: { product: ProductRecord }) {
  const translate = useTranslate();
  const query = useShopQuery(["variants", product.id], (signal) => listVariants(product.id, signal));
  const { canAccess: mayCreate } = useCanAccess({ resource: "variants", action: "create" });
  const [shown, setShown] = useState<VariantRecord | "new">();
  return (
    <Loaded query={query}>
      {(variants) => (
        <>
          <TableContainer>
            <Table size="small" aria-label={translate(`${T}.name`, 2)}>
              <Head />
              <TableBody>
                {variants.map((variant) => (
                  <Row key={variant.id} variant={variant} isOnly={variants.length === 1} onEdit={() => setShown(variant)} />
                ))}
              </TableBody>
            </Table>
          </TableContainer>
          {mayCreate && (
            <Button startIcon={<AddIcon />} sx={{ mt: 2 }} onClick={() => setShown("new")}>
              {translate(`${T}.add`)}
            </Button>
          )}
          {shown && (
            <VariantDialog
              product={product}
              variant={shown === "new" ? undefined : shown}
              optionNames={[...new Set(variants.flatMap(({ options }) => options.map(({ name }) => name)))]}
              onClose={() => setShown(undefined)}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

function Head() {
  const translate = useTranslate();
  return (
    <TableHead>
      <TableRow>
        <TableCell>{translate(`${T}.fields.options`)}</TableCell>
        <TableCell>{translate(`${T}.fields.sku`)}</TableCell>
        <TableCell align="right">{translate(`${T}.fields.effectivePrice`)}</TableCell>
        <TableCell align="right">{translate(`${T}.fields.stock`)}</TableCell>
        <TableCell />
      </TableRow>
    </TableHead>
  );
}

function Row({ variant, isOnly, onEdit }: { variant: VariantRecord; isOnly: boolean; onEdit: () => void }) {
  const translate = useTranslate();
  const { canAccess: mayEdit } = useCanAccess({ resource: "variants", action: "edit" });
  const { canAccess: mayDelete } = useCanAccess({ resource: "variants", action: "delete" });
  const remove = useShopCall("variants.delete", deleteVariant, { done: `${T}.deleted` });
  const name = variantName(variant);
  return (
    <TableRow>
      <TableCell>
        {variant.options.length === 0 ? translate(`${T}.noOptions`) : name}{" "}
        {variant.isDefault && <Chip size="small" label={translate(`${T}.default`)} />}
      </TableCell>
      <TableCell>{variant.sku}</TableCell>
      <TableCell align="right">{amountText(variant.effectivePrice)}</TableCell>
      <TableCell align="right">{variant.stock}</TableCell>
      <TableCell align="right" sx={{ whiteSpace: "nowrap" }}>
        {mayEdit && (
          <IconButton aria-label={`${translate("ra.action.edit")}: ${name}`} onClick={onEdit}>
            <EditIcon />
          </IconButton>
        )}
        {mayDelete && !isOnly && (
          <ConfirmButton
            title={translate(`${T}.deleteTitle`, { name })}
            content={`${T}.deleteContent`}
            disabled={remove.isPending}
            onConfirm={() => remove.act(variant)}
          />
        )}
      </TableCell>
    </TableRow>
  );
}
