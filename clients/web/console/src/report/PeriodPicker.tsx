import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useTranslate } from "react-admin";
import { dayOf } from "./days";
import { type Period, RANGES, type RangeName } from "./period";
import { useShopZone } from "./zone";

const OWN = "OWN";

/** Chooses the period of a report: by name, or from one day to another. */
export function PeriodPicker({ period, choose }: { period: Period; choose: (period: Period) => void }) {
  const translate = useTranslate();
  const zone = useShopZone() ?? "UTC";
  const today = dayOf(new Date(), zone);
  const isNamed = "range" in period;
  return (
    <Stack direction="row" sx={{ gap: 1.5, flexWrap: "wrap", width: { xs: "100%", sm: "auto" } }}>
      <TextField
        select
        fullWidth={false}
        label={translate("console.report.period")}
        value={isNamed ? period.range : OWN}
        onChange={({ target }) =>
          choose(target.value === OWN ? { from: today, to: today } : { range: target.value as RangeName })
        }
        sx={{ minWidth: "13rem" }}
      >
        {RANGES.map((range) => (
          <MenuItem key={range} value={range}>
            {translate(`console.report.ranges.${range}`)}
          </MenuItem>
        ))}
        <MenuItem value={OWN}>{translate("console.report.ownPeriod")}</MenuItem>
      </TextField>
      {!isNamed && (
        <>
          <DayInput label="console.report.from" day={period.from} latest={today} take={(from) => choose({ ...period, from })} />
          <DayInput label="console.report.to" day={period.to} latest={today} take={(to) => choose({ ...period, to })} />
        </>
      )}
    </Stack>
  );
}

function DayInput({ label, day, latest, take }: { label: string; day: string; latest: string; take: (day: string) => void }) {
  const translate = useTranslate();
  return (
    <TextField
      type="date"
      fullWidth={false}
      label={translate(label)}
      value={day}
      onChange={({ target }) => target.value !== "" && take(target.value)}
      slotProps={{ htmlInput: { max: latest }, inputLabel: { shrink: true } }}
    />
  );
}
