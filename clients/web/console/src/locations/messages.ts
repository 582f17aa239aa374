import type { Translated } from "../i18n/translated";

export const en = {
  name: "Location |||| Locations",
  fields: {
    name: "Name",
    kind: "Kind",
    line1: "Street and number",
    line2: "Second line",
    city: "City",
    state: "State, province or county",
    postalCode: "Postal code",
    country: "Country",
    active: "Serves orders",
    priority: "Order in which it serves",
  },
  kinds: { WAREHOUSE: "Warehouse", STORE: "Store" },
  sections: { address: "Address", serving: "Serving orders" },
  priorityHint: "Orders take what they need from the lowest number first.",
  activeHint: "What is in one that does not serve cannot be ordered, and stays there.",
  countryHint: "Two letters, as US.",
  empty: "There are no locations yet.",
} as const;

export const de: Translated<typeof en> = {
  name: "Standort |||| Standorte",
  fields: {
    name: "Name",
    kind: "Art",
    line1: "Straße und Hausnummer",
    line2: "Zweite Zeile",
    city: "Ort",
    state: "Bundesland oder Provinz",
    postalCode: "Postleitzahl",
    country: "Land",
    active: "Bedient Bestellungen",
    priority: "Reihenfolge, in der er bedient",
  },
  kinds: { WAREHOUSE: "Lager", STORE: "Laden" },
  sections: { address: "Adresse", serving: "Bestellungen bedienen" },
  priorityHint: "Bestellungen nehmen zuerst, was bei der kleinsten Zahl liegt.",
  activeHint: "Was an einem Standort liegt, der nicht bedient, lässt sich nicht bestellen und bleibt dort.",
  countryHint: "Zwei Buchstaben, wie DE.",
  empty: "Es gibt noch keine Standorte.",
};
