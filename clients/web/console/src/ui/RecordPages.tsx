// The pages of a resource: lists that go on page by page, and forms that are saved at once and then left.
import {
  Create,
  type CreateProps,
  Edit,
  type EditProps,
  List,
  type ListProps,
  type RaRecord,
  Show,
  type ShowProps,
  useNotify,
  useRedirect,
  useResourceContext,
} from "react-admin";
import { Code } from "@sanset/client";
import { Refusal, sentenceOf } from "../data/refusals";
import { EmptyList } from "./EmptyList";
import { Failure } from "./Failure";

/** A list. Bring a `DataTable` or another view, and `filters`. */
export function ListPage(props: ListProps) {
  return <List exporter={false} perPage={25} empty={<EmptyList />} error={<Failure />} {...props} />;
}

/** A form for a new record; its refusals need it to be sent before the page is left. */
export function CreatePage(props: CreateProps) {
  return <Create redirect="list" {...props} />;
}

/** A form for a record. Refusals land on its fields, as it is saved before the page is left. */
export function EditPage<R extends RaRecord>(props: EditProps<R>) {
  return <Edit mutationMode="pessimistic" queryOptions={useMissing<R>()} error={<Failure />} {...props} />;
}

export function ShowPage<R extends RaRecord>(props: ShowProps<R>) {
  return <Show queryOptions={useMissing<R>()} error={<Failure />} {...props} />;
}

/** Leads back to the list from a record that does not exist; other failures are shown where the record would be. */
function useMissing<R extends RaRecord>() {
  const notify = useNotify();
  const redirect = useRedirect();
  const resource = useResourceContext();
  return {
    onError: (failure: Error) => {
      if (!(failure instanceof Refusal) || failure.status !== Code.NotFound) return;
      notify(sentenceOf(failure.cause), { type: "warning" });
      redirect("list", resource);
    },
  } satisfies EditProps<R>["queryOptions"];
}
