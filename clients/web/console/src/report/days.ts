// Days of a time zone, which begin when its clocks say.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

/** The first moment of a day in a time zone. */
export function firstMoment(day: string, zone: string): Date {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // Twice: the first guess may lie on the other side of a change of the clocks.
  const guess = midnight - offsetMs(midnight, zone);
  return new Date(midnight - offsetMs(guess, zone));
}

export function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/** The day of a moment in a time zone: "2026-11-29". */
export function dayOf(moment: Date, zone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(moment);
}

/** By how much the clocks of a zone are ahead of UTC. */
function offsetMs(moment: number, zone: string): number {
  const shown = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  return Date.parse(`${shown.format(moment).replace(" ", "T")}Z`) - Math.floor(moment / 1_000) * 1_000;
}

/** The number of days from one moment to another. */
export function daysBetween(start: Timestamp | undefined, end: Timestamp | undefined): number {
  if (start === undefined || end === undefined) return 0;
  return Math.round((timestampDate(end).getTime() - timestampDate(start).getTime()) / 86_400_000);
}
