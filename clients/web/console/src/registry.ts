// Every resource and page of the console: a line each, in the order of the menu.
import { reports } from "./analytics";
import { coupons } from "./coupons";
import { health } from "./health";
import { images } from "./images";
import { imports } from "./imports";
import { products } from "./products";
import type { Resource, StandalonePage } from "./resource";
import { stock } from "./stock";
import { synonyms } from "./synonyms";
import { variants } from "./variants";

export const resources: readonly Resource[] = [
  products,
  variants,
  images,
  stock,
  imports,
  coupons,
  synonyms,
];

export const pages: readonly StandalonePage[] = [
  ...reports,
  health,
];
