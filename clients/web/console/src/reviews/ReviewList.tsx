import CheckIcon from "@mui/icons-material/Check";
import BlockIcon from "@mui/icons-material/Block";
import Box from "@mui/material/Box";
import Rating from "@mui/material/Rating";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { AutocompleteInput, Button, DataTable, ReferenceField, ReferenceInput, SelectInput, TopToolbar, useCanAccess, useListContext, useTranslate } from "react-admin";
import { useShopCall } from "../data/useShopCall";
import { ConfirmButton } from "../ui/ConfirmButton";
import { EmptyAnswer } from "../ui/EmptyAnswer";
import { ListPage } from "../ui/RecordPages";
import { TimeField } from "../ui/time";
import { type ReviewRecord, deleteReview, moderate } from "./calls";
import { en } from "./messages";

const T = "resources.reviews";

const STATUSES = Object.keys(en.statuses).map((id) => ({ id, name: `${T}.statuses.${id}` }));

const FILTERS = [
  <StatusFilter key="status" source="status" alwaysOn />,
  <ReferenceInput key="productId" source="productId" reference="products" alwaysOn>
    <AutocompleteInput filterToQuery={(q: string) => ({ q })} label={`${T}.fields.productId`} sx={{ minWidth: { xs: "100%", sm: "20rem" } }} />
  </ReferenceInput>,
];

/** Those of all products, the newest first; with a product what is published of it. */
export default function ReviewList() {
  const { canAccess: mayEdit } = useCanAccess({ resource: "products", action: "edit" });
  return (
    <ListPage filters={FILTERS} actions={<TopToolbar />} empty={false}>
      <DataTable rowClick={false} bulkActionButtons={false} empty={<EmptyAnswer />}>
        <DataTable.Col source="text" disableSort render={(review: ReviewRecord) => <Opinion review={review} />} />
        <DataTable.Col source="product" disableSort sx={{ display: { xs: "none", md: "table-cell" } }}>
          <ReferenceField source="productId" reference="products" link={mayEdit ? "edit" : "show"} />
        </DataTable.Col>
        <DataTable.Col source="updateTime" disableSort sx={{ display: { xs: "none", lg: "table-cell" } }}>
          <TimeField source="updateTime" />
        </DataTable.Col>
        <DataTable.Col source="actions" disableSort render={(review: ReviewRecord) => <Decision review={review} />} />
      </DataTable>
    </ListPage>
  );
}

/** Of one product only what is published is listed. */
function StatusFilter(props: { source: string; alwaysOn: boolean }) {
  const { filterValues } = useListContext();
  if (filterValues["productId"]) return null;
  return <SelectInput {...props} choices={STATUSES} emptyText="resources.products.all" />;
}

function Opinion({ review }: { review: ReviewRecord }) {
  const translate = useTranslate();
  return (
    <Box sx={{ py: 1, minWidth: 0, overflowWrap: "anywhere" }}>
      <Stack direction="row" spacing={1} sx={{ alignItems: "center" }}>
        <Rating readOnly size="small" value={review.rating} getLabelText={(stars) => translate(`${T}.stars`, { smart_count: stars })} />
        <Typography variant="body2" sx={{ opacity: 0.8 }}>
          {review.author} · {translate(`${T}.statuses.${review.status}`)}
        </Typography>
      </Stack>
      {review.title && <Typography sx={{ fontWeight: 600 }}>{review.title}</Typography>}
      <Typography variant="body2" sx={{ whiteSpace: "pre-wrap" }}>
        {review.text || (!review.title && translate(`${T}.starsOnly`))}
      </Typography>
    </Box>
  );
}

function Decision({ review }: { review: ReviewRecord }) {
  const translate = useTranslate();
  const { canAccess } = useCanAccess({ resource: "reviews", action: "moderate" });
  const publish = useShopCall("reviews.publish", moderate, { done: `${T}.published` });
  const reject = useShopCall("reviews.reject", moderate, { done: `${T}.rejected` });
  const remove = useShopCall("reviews.delete", deleteReview, { done: `${T}.deleted` });
  const isPending = publish.isPending || reject.isPending || remove.isPending;
  if (!canAccess) return null;
  return (
    <Stack direction={{ xs: "column", md: "row" }} sx={{ alignItems: "flex-start" }}>
      {review.status !== "PUBLISHED" && (
        <Button label={`${T}.publish`} disabled={isPending} onClick={() => publish.act({ review, status: "PUBLISHED" })}>
          <CheckIcon />
        </Button>
      )}
      {review.status !== "REJECTED" && (
        <Button label={`${T}.reject`} color="error" disabled={isPending} onClick={() => reject.act({ review, status: "REJECTED" })}>
          <BlockIcon />
        </Button>
      )}
      <ConfirmButton
        title={translate(`${T}.deleteTitle`, { author: review.author })}
        content={`${T}.deleteContent`}
        disabled={isPending}
        onConfirm={() => remove.act(review)}
      />
    </Stack>
  );
}
