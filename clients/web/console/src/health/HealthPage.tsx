import CheckCircleIcon from "@mui/icons-material/CheckCircle";
import ErrorIcon from "@mui/icons-material/Error";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Card from "@mui/material/Card";
import Typography from "@mui/material/Typography";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type SystemHealth,
  type SystemHealth_Check as Check,
  type SystemHealth_Job as Job,
  SystemHealth_Problem as Problem,
} from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useEffect } from "react";
import { useTranslate } from "react-admin";
import { spokenLanguage } from "../i18n/language";
import { Panel } from "../report/Panel";
import { Report } from "../report/Report";
import { ReportPage } from "../report/ReportPage";
import { ReportTable } from "../report/ReportTable";
import { analytics } from "../report/service";
import { useReport } from "../report/useReport";

const AGAIN_MS = 30_000;

export default function HealthPage() {
  const translate = useTranslate();
  const query = useReport("health", {}, (about, signal) => analytics.service.getSystemHealth(about, { signal }));
  const { refetch, dataUpdatedAt } = query;
  useEffect(() => {
    const timer = setInterval(() => void refetch(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [refetch]);
  const time = new Date(dataUpdatedAt).toLocaleTimeString(spokenLanguage());
  return (
    <ReportPage name="health">
      <Report query={query} height={480}>
        {(health) => (
          <>
            <Summary health={health} />
            <Typography variant="body2" color="text.secondary" sx={{ mb: 2 }}>
              {translate("pages.health.version", { version: health.version })} · {translate("pages.health.read", { time })}
            </Typography>
            <Panel title="pages.health.checks">
              <Box
                component="ul"
                sx={{
                  display: "grid",
                  gap: 1.5,
                  p: 0,
                  m: 0,
                  listStyle: "none",
                  gridTemplateColumns: "repeat(auto-fill, minmax(min(16rem, 100%), 1fr))",
                }}
              >
                {health.checks.map((check) => (
                  <CheckCard key={check.name} check={check} />
                ))}
              </Box>
            </Panel>
            <Panel title="pages.health.jobs">
              <Jobs jobs={health.jobs} />
            </Panel>
          </>
        )}
      </Report>
    </ReportPage>
  );
}

function Summary({ health }: { health: SystemHealth }) {
  const translate = useTranslate();
  return (
    <Alert severity={health.healthy ? "success" : "warning"} sx={{ mb: 1 }}>
      {translate(health.healthy ? "pages.health.healthy" : "pages.health.unhealthy")}
    </Alert>
  );
}

function CheckCard({ check: { name, problem, facts } }: { check: Check }) {
  const translate = useTranslate();
  const isFine = problem === Problem.PROBLEM_UNSPECIFIED;
  const Icon = isFine ? CheckCircleIcon : ErrorIcon;
  const sentence = isFine ? "pages.health.fine" : `pages.health.problems.${Problem[problem]}`;
  return (
    <Card component="li" variant="outlined" sx={{ p: 1.5, minWidth: 0 }}>
      <Box sx={{ display: "flex", gap: 1, alignItems: "center" }}>
        <Icon color={isFine ? "success" : "warning"} aria-hidden />
        <Typography variant="subtitle1" component="h3">
          {translate(`pages.health.names.${name}`, { _: name })}
        </Typography>
      </Box>
      <Typography variant="body2" sx={{ my: 0.5 }}>
        {translate(sentence, { _: translate("pages.health.problems.unknown", { problem }) })}
      </Typography>
      <Box component="dl" sx={{ m: 0, display: "grid", gridTemplateColumns: "1fr auto", columnGap: 2 }}>
        {Object.entries(facts).map(([fact, value]) => (
          <Typography key={fact} variant="body2" color="text.secondary" component="div" sx={{ display: "contents" }}>
            <dt>{translate(`pages.health.facts.${fact}`, { _: fact.replaceAll("_", " ") })}</dt>
            <Box component="dd" sx={{ m: 0, textAlign: "right", overflowWrap: "anywhere" }}>
              {factText(fact, value, translate)}
            </Box>
          </Typography>
        ))}
      </Box>
    </Card>
  );
}

/** Facts are texts for programs: here as people read them. */
function factText(fact: string, value: string, translate: ReturnType<typeof useTranslate>): string {
  if (value === "true" || value === "false") return translate(`ra.boolean.${value}`);
  if (fact.endsWith("_at")) return momentText(new Date(value));
  const number = Number(value);
  if (value.trim() === "" || Number.isNaN(number) || fact === "version") return value;
  if (fact.endsWith("_bytes")) {
    return (number / 1e9).toLocaleString(spokenLanguage(), { style: "unit", unit: "gigabyte", maximumFractionDigits: 1 });
  }
  const written = number.toLocaleString(spokenLanguage());
  if (fact.endsWith("_ms")) return translate("pages.health.milliseconds", { milliseconds: written });
  return fact.endsWith("_seconds") ? translate("pages.health.seconds", { seconds: written }) : written;
}

function momentText(moment: Date): string {
  return moment.toLocaleString(spokenLanguage(), { dateStyle: "medium", timeStyle: "short" });
}

function Jobs({ jobs }: { jobs: readonly Job[] }) {
  const translate = useTranslate();
  return (
    <ReportTable
      label="pages.health.jobs"
      empty="pages.health.noJobs"
      rows={jobs}
      columns={[
        { label: "pages.health.job", cell: ({ name }) => jobText(name, translate) },
        {
          label: "pages.health.began",
          cell: ({ startTime }) =>
            startTime === undefined ? translate("pages.health.never") : momentText(timestampDate(startTime)),
        },
        { label: "pages.health.took", isFigure: true, cell: (job) => tookText(job, translate) },
        { label: "pages.health.outcome", cell: (job) => <Outcome job={job} /> },
      ]}
    />
  );
}

/** Jobs are named by the server: here in the reader's language, where there is a name for it. */
function jobText(name: string, translate: ReturnType<typeof useTranslate>): string {
  return translate(`pages.health.jobNames.${name.replaceAll(" ", "_")}`, { _: name.replaceAll("_", " ") });
}

function tookText({ startTime, endTime }: Job, translate: ReturnType<typeof useTranslate>): string {
  if (startTime === undefined || endTime === undefined) return "–";
  const seconds = (timestampDate(endTime).getTime() - timestampDate(startTime).getTime()) / 1_000;
  if (seconds < 0) return "–"; // it has begun again
  return translate("pages.health.seconds", {
    seconds: seconds.toLocaleString(spokenLanguage(), { maximumFractionDigits: 1 }),
  });
}

function Outcome({ job: { startTime, endTime, error } }: { job: Job }) {
  const translate = useTranslate();
  if (error !== "") return <Box component="span" sx={{ color: "error.main" }}>{error}</Box>;
  if (startTime === undefined) return "–";
  const runs = endTime === undefined || timestampDate(endTime) < timestampDate(startTime);
  return translate(runs ? "pages.health.runs" : "pages.health.ok");
}
