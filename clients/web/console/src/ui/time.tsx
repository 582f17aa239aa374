// Times as the language of the page writes them, in the reader's time zone.
import { DateField, type DateFieldProps } from "react-admin";
import { spokenLanguage } from "../i18n/language";

const MOMENT = { dateStyle: "medium", timeStyle: "short" } as const;
const DAY = { dateStyle: "medium" } as const;

/** "Nov 29, 2026, 11:20 PM" */
export function TimeField(props: DateFieldProps) {
  return <DateField showTime options={MOMENT} locales={spokenLanguage()} {...props} />;
}

/** "Nov 29, 2026" */
export function DayField(props: DateFieldProps) {
  return <DateField options={DAY} locales={spokenLanguage()} {...props} />;
}

/** The same where there is no record: "" for none. */
export function momentText(time: string | null | undefined): string {
  return time ? new Date(time).toLocaleString(spokenLanguage(), MOMENT) : "";
}

export function dayText(time: string | null | undefined): string {
  return time ? new Date(time).toLocaleDateString(spokenLanguage(), DAY) : "";
}
