import Checkbox from "@mui/material/Checkbox";
import FormControl from "@mui/material/FormControl";
import FormControlLabel from "@mui/material/FormControlLabel";
import FormGroup from "@mui/material/FormGroup";
import FormHelperText from "@mui/material/FormHelperText";
import FormLabel from "@mui/material/FormLabel";
import { useInput, useTranslate } from "react-admin";
import type { Permission } from "./calls";
import { groups, permissions } from "./permissions";

const T = "resources.roles";

/** What a role may do: a box for each permission, in groups. */
export function PermissionsInput({ source, readOnly = false }: { source: string; readOnly?: boolean }) {
  const translate = useTranslate();
  const { field, fieldState } = useInput<Permission[]>({ source, defaultValue: [] });
  const chosen: readonly Permission[] = field.value ?? [];
  const toggle = (permission: Permission) =>
    field.onChange(permissions.filter((one) => (one === permission ? !chosen.includes(one) : chosen.includes(one))));
  return (
    <FormControl error={fieldState.invalid} sx={{ mt: 1, width: "100%" }}>
      {groups.map(([group, members]) => (
        <FormControl key={group} component="fieldset" sx={{ mb: 2 }} disabled={readOnly}>
          <FormLabel component="legend">{translate(`${T}.groups.${group}`)}</FormLabel>
          <FormGroup>
            {members.map((permission) => (
              <FormControlLabel
                key={permission}
                control={<Checkbox checked={chosen.includes(permission)} onChange={() => toggle(permission)} />}
                label={translate(`${T}.permissions.${permission}`)}
              />
            ))}
          </FormGroup>
        </FormControl>
      ))}
      {fieldState.error?.message && <FormHelperText>{fieldState.error.message}</FormHelperText>}
    </FormControl>
  );
}
