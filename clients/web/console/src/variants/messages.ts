import type { Translated } from "../i18n/translated";

export const en = {
  name: "Variant |||| Variants",
  fields: {
    options: "What it is",
    sku: "SKU",
    price: "Price of its own",
    compareAtPrice: "Compared with",
    effectivePrice: "Price now",
    stock: "Stock",
    isDefault: "Meant where none is named",
  },
  option: { name: "What differs, as “size”", value: "Its value, as “M”" },
  add: "Add a variant",
  edit: "Variant %{name}",
  created: "The variant is there",
  updated: "Saved",
  deleted: "The variant is gone",
  deleteTitle: "Delete the variant “%{name}”?",
  deleteContent: "It cannot be ordered any more, and its stock counts no longer. Orders keep their lines.",
  default: "Default",
  noOptions: "Without options",
  priceHint: "Empty: the product's price.",
  stockHint: "What is there when it begins; later it is changed under Stock.",
  optionsHint: "At most three names over all variants of the product.",
} as const;

export const de: Translated<typeof en> = {
  name: "Variante |||| Varianten",
  fields: {
    options: "Was sie ist",
    sku: "Artikelnummer",
    price: "Eigener Preis",
    compareAtPrice: "Vergleichspreis",
    effectivePrice: "Preis jetzt",
    stock: "Bestand",
    isDefault: "Gemeint, wenn keine genannt ist",
  },
  option: { name: "Worin sie sich unterscheidet, wie „Größe“", value: "Ihr Wert, wie „M“" },
  add: "Variante hinzufügen",
  edit: "Variante %{name}",
  created: "Die Variante ist angelegt",
  updated: "Gespeichert",
  deleted: "Die Variante ist gelöscht",
  deleteTitle: "Die Variante „%{name}“ löschen?",
  deleteContent:
    "Sie lässt sich nicht mehr bestellen, und ihr Bestand zählt nicht mehr. Bestellungen behalten ihre Posten.",
  default: "Standard",
  noOptions: "Ohne Merkmale",
  priceHint: "Leer: der Preis des Produkts.",
  stockHint: "Was am Anfang da ist; später ändern Sie es unter Bestand.",
  optionsHint: "Höchstens drei Namen über alle Varianten des Produkts.",
};
