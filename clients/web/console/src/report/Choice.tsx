import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import { useTranslate } from "react-admin";
import { useSearchParams } from "react-router-dom";

/** A choice that stands in the address, by the name of the parameter: the first value unless another is there. */
export function useChoice<V extends string>(parameter: string, values: readonly [V, ...V[]]): [V, (value: V) => void] {
  const [parameters, setParameters] = useSearchParams();
  const chosen = values.find((value) => value === parameters.get(parameter)) ?? values[0];
  const choose = (value: V) =>
    setParameters(
      (current) => {
        const next = new URLSearchParams(current);
        next.set(parameter, value);
        return next;
      },
      { replace: true },
    );
  return [chosen, choose];
}

/** Shows a choice; `texts` begins the keys of the values, which else speak for themselves. */
export function Choice<V extends string>({
  label,
  texts,
  values,
  value,
  choose,
}: {
  label: string;
  texts?: string;
  values: readonly V[];
  value: V;
  choose: (value: V) => void;
}) {
  const translate = useTranslate();
  return (
    <TextField
      select
      fullWidth={false}
      label={translate(label)}
      value={value}
      onChange={({ target }) => choose(target.value as V)}
      sx={{ minWidth: "9rem" }}
    >
      {values.map((each) => (
        <MenuItem key={each} value={each}>
          {texts === undefined ? each : translate(`${texts}.${each}`)}
        </MenuItem>
      ))}
    </TextField>
  );
}
