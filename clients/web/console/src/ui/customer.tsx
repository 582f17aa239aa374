// The customer of something: a way to their page for those who may open it, else their number.
import { AutocompleteInput, Link, NumberInput, ReferenceInput, useCanAccess, useGetManyAggregate, useTranslate } from "react-admin";
import type { CustomerRecord } from "../customers/calls";

/** By the name, or the e-mail address, where the user may look people up; all that are on a page are read at once. */
export function NamedCustomer({ id }: { id: string }) {
  const { canAccess } = useCanAccess({ resource: "customers", action: "list" });
  const enabled = canAccess === true && id !== "";
  const { data = [] } = useGetManyAggregate<CustomerRecord>("customers", { ids: [id] }, { enabled });
  const [customer] = data;
  return <CustomerLink id={id} name={customer?.fullName || customer?.email} />;
}

interface CustomerLinkProps {
  id: string;
  /** Says which account it is, where its `name` is not known. */
  text?: string;
  name?: string | undefined;
}

export function CustomerLink({ id, text = "resources.orders.customerNumber", name: known }: CustomerLinkProps) {
  const translate = useTranslate();
  const { canAccess } = useCanAccess({ resource: "customers", action: "show" });
  if (id === "") return <>{translate("resources.orders.guest")}</>;
  const name = known || translate(text, { id });
  return canAccess ? (
    <Link to={`/customers/${id}/show`} onClick={(event: { stopPropagation: () => void }) => event.stopPropagation()}>
      {name}
    </Link>
  ) : (
    <>{name}</>
  );
}

interface Person {
  fullName: string;
  email: string;
}

const personText = (person: Person) => (person.fullName ? `${person.fullName} (${person.email})` : person.email);
const byText = (text: string) => (text === "" ? {} : { q: text });

/** Chooses a customer: by what is known of them, or by their number for those who may not look people up. */
export function CustomerInput({ source, label }: { source: string; label?: string }) {
  const { canAccess } = useCanAccess({ resource: "customers", action: "list" });
  const named = label === undefined ? {} : { label };
  if (!canAccess) return <NumberInput source={source} min={1} parse={(id: string) => id} {...named} />;
  return (
    <ReferenceInput source={source} reference="customers">
      <AutocompleteInput optionText={personText} filterToQuery={byText} sx={{ minWidth: "16rem" }} {...named} />
    </ReferenceInput>
  );
}
