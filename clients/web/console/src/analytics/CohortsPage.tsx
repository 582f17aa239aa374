import Box from "@mui/material/Box";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import Typography from "@mui/material/Typography";
import { alpha, useTheme } from "@mui/material/styles";
import type {
  GetCohortsResponse,
  GetCohortsResponse_Cohort as Cohort,
  GetCohortsResponse_Month as Month,
} from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useTranslate } from "react-admin";
import { Choice, useChoice } from "../report/Choice";
import { ExportButton } from "../report/ExportButton";
import { Panel } from "../report/Panel";
import { Incomplete, Report } from "../report/Report";
import { ReportPage } from "../report/ReportPage";
import { Nothing } from "../report/ReportTable";
import { countOf, moneyOf, percentOf, timeOf } from "../report/format";
import { analytics } from "../report/service";
import { useReport } from "../report/useReport";

const MONTHS = ["12", "6", "24", "60"] as const;
const VALUES = ["retention", "customers", "revenue"] as const;
type Value = (typeof VALUES)[number];

export default function CohortsPage() {
  const translate = useTranslate();
  const [months, chooseMonths] = useChoice("months", MONTHS);
  const [value, chooseValue] = useChoice("show", VALUES);
  const query = useReport("cohorts", { months: Number(months) }, (about, signal) =>
    analytics.service.getCohorts(about, { signal }),
  );
  const controls = (
    <>
      <Choice label="pages.cohorts.months" values={MONTHS} value={months} choose={chooseMonths} />
      <Choice label="pages.cohorts.show" texts="pages.cohorts.values" values={VALUES} value={value} choose={chooseValue} />
    </>
  );
  return (
    <ReportPage name="cohorts" controls={controls}>
      <Report query={query} height={420}>
        {(data) => (
          <>
            <Incomplete complete={data.complete} />
            <Panel title="pages.cohorts.table" actions={<ExportButton table="COHORTS" request={{}} />}>
              <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
                {translate("pages.cohorts.hint")}
              </Typography>
              {data.cohorts.length === 0 ? <Nothing text="pages.cohorts.empty" /> : <HeatTable data={data} value={value} />}
            </Panel>
          </>
        )}
      </Report>
    </ReportPage>
  );
}

function HeatTable({ data: { cohorts, timeZone }, value }: { data: GetCohortsResponse; value: Value }) {
  const translate = useTranslate();
  const last = Math.max(0, ...cohorts.flatMap(({ months }) => months.map(({ number }) => number)));
  const numbers = Array.from({ length: last + 1 }, (_, number) => number);
  return (
    <TableContainer tabIndex={0} role="group" aria-label={translate("pages.cohorts.table")}>
      <Table size="small" sx={{ "& td, & th": { whiteSpace: "nowrap", fontVariantNumeric: "tabular-nums", px: 1 } }}>
        <TableHead>
          <TableRow>
            <TableCell>{translate("pages.cohorts.cohort")}</TableCell>
            <TableCell align="right">{translate("pages.cohorts.size")}</TableCell>
            {numbers.map((number) => (
              <TableCell key={number} align="right">
                <abbr title={translate("pages.cohorts.monthNumber", { number })} style={{ textDecoration: "none" }}>
                  +{number}
                </abbr>
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {cohorts.map((cohort, index) => (
            <TableRow key={index}>
              <TableCell component="th" scope="row">
                {timeOf(cohort.startTime, timeZone, { month: "short", year: "numeric" })}
              </TableCell>
              <TableCell align="right">{countOf(cohort.customerCount)}</TableCell>
              {numbers.map((number) => (
                <HeatCell key={number} month={monthOf(cohort, number)} value={value} />
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}

function monthOf({ months }: Cohort, number: number): Month | undefined {
  return months.find((month) => month.number === number);
}

/** The more of the cohort ordered, the stronger the colour; the figure says it too. */
function HeatCell({ month, value }: { month: Month | undefined; value: Value }) {
  const { palette } = useTheme();
  const retention = month?.retention ?? 0;
  // Never so strong that the text on it loses its contrast.
  const strength = retention === 0 ? 0 : 0.04 + 0.41 * Math.min(1, retention);
  return (
    <TableCell align="right" sx={{ bgcolor: alpha(palette.primary.main, strength) }}>
      {month === undefined ? <Box component="span" sx={{ color: "text.secondary" }}>–</Box> : textOf(month, value)}
    </TableCell>
  );
}

function textOf({ retention, customerCount, revenue }: Month, value: Value): string {
  if (value === "customers") return countOf(customerCount);
  return value === "revenue" ? moneyOf(revenue) : percentOf(retention);
}
