// The customer of something: a way to their page for those who may open it, else their number.
import { AutocompleteInput, Link, NumberInput, ReferenceInput, useCanAccess, useTranslate } from "react-admin";

export function CustomerLink({ id, text = "resources.orders.customerNumber" }: { id: string; text?: string }) {
  const translate = useTranslate();
  const { canAccess } = useCanAccess({ resource: "customers", action: "show" });
  if (id === "") return <>{translate("resources.orders.guest")}</>;
  const name = translate(text, { id });
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
