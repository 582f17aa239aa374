import type { Translated } from "../i18n/translated";

export const en = {
  name: "Low stock |||| Low stock",
  fields: { name: "Product", sku: "SKU", available: "Can be ordered", threshold: "Fewer than" },
  empty: "Nothing is about to sell out.",
} as const;

export const de: Translated<typeof en> = {
  name: "Knapper Bestand |||| Knapper Bestand",
  fields: { name: "Produkt", sku: "Artikelnummer", available: "Bestellbar", threshold: "Weniger als" },
  empty: "Nichts ist bald ausverkauft.",
};
