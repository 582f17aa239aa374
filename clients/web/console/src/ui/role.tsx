// Roles by name.
import { SelectInput, TextInput, required, useCanAccess, useGetList } from "react-admin";
import type { RoleRecord } from "../roles/calls";

const REQUIRED = required();

interface RoleInputProps {
  source: string;
  label?: string;
  helperText?: string;
  isRequired?: boolean;
  /** Only roles of the shop's own. */
  own?: boolean;
}

/** Chooses a role: from all, for those who may list them; else its name is typed. */
export function RoleInput({ source, isRequired = false, own = false, ...rest }: RoleInputProps) {
  const { canAccess } = useCanAccess({ resource: "roles", action: "list" });
  const { data = [] } = useGetList<RoleRecord>("roles", { pagination: { page: 1, perPage: 100 } }, { enabled: canAccess === true });
  const props = { source, ...rest, ...(isRequired && { validate: REQUIRED }) };
  if (!canAccess) return <TextInput {...props} />;
  const choices = data.filter(({ builtIn }) => !own || !builtIn).map(({ name }) => ({ id: name, name }));
  return <SelectInput {...props} choices={choices} translateChoice={false} sx={{ minWidth: "10rem" }} />;
}
