// Every resource and page of the console: a line each, in the order of the menu.
import { reports } from "./analytics";
import { audit } from "./audit";
import { categories } from "./categories";
import { coupons } from "./coupons";
import { customers } from "./customers";
import { giftCards } from "./giftCards";
import { health } from "./health";
import { images } from "./images";
import { imports } from "./imports";
import { locations } from "./locations";
import { lowStock } from "./lowStock";
import { loyalty } from "./loyalty";
import { models } from "./models";
import { orders } from "./orders";
import { products } from "./products";
import { recommendations } from "./recommendations";
import type { Resource, StandalonePage } from "./resource";
import { returns } from "./returns";
import { reviews } from "./reviews";
import { roles } from "./roles";
import { segments } from "./segments";
import { serviceAccounts } from "./service-accounts";
import { settings } from "./settings";
import { stock } from "./stock";
import { synonyms } from "./synonyms";
import { variants } from "./variants";
import { webhooks } from "./webhooks";

export const resources: readonly Resource[] = [
  orders,
  returns,
  products,
  variants,
  images,
  stock,
  categories,
  lowStock,
  locations,
  imports,
  customers,
  segments,
  reviews,
  coupons,
  giftCards,
  models,
  synonyms,
  roles,
  serviceAccounts,
  webhooks,
  audit,
];

export const pages: readonly StandalonePage[] = [
  recommendations,
  ...reports,
  loyalty,
  health,
  settings,
];
