// Every resource and page of the console: a line each, in the order of the menu.
import { reports } from "./analytics";
import { coupons } from "./coupons";
import { health } from "./health";
import type { Resource, StandalonePage } from "./resource";
import { synonyms } from "./synonyms";

export const resources: readonly Resource[] = [
  coupons,
  synonyms,
];

export const pages: readonly StandalonePage[] = [
  ...reports,
  health,
];
