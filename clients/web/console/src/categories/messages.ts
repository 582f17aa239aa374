import type { Translated } from "../i18n/translated";

export const en = {
  name: "Category |||| Categories",
  fields: {
    name: "Name",
    slug: "Name in addresses",
    parentId: "Below",
    description: "Description",
    translations: "Other languages",
  },
  texts: { language: "Language", name: "Name", description: "Description" },
  top: "At the top",
  add: "Add a category",
  addBelow: "Add a category below %{name}",
  edit: "Category %{name}",
  open: "Show what is below %{name}",
  close: "Hide what is below %{name}",
  created: "The category is there",
  updated: "Saved",
  deleted: "The category is gone",
  deleteTitle: "Delete the category “%{name}”?",
  deleteContent: "It must be empty: without products, and nothing below it.",
  empty: "There are no categories yet.",
} as const;

export const de: Translated<typeof en> = {
  name: "Kategorie |||| Kategorien",
  fields: {
    name: "Name",
    slug: "Name in Adressen",
    parentId: "Unter",
    description: "Beschreibung",
    translations: "Andere Sprachen",
  },
  texts: { language: "Sprache", name: "Name", description: "Beschreibung" },
  top: "Ganz oben",
  add: "Kategorie hinzufügen",
  addBelow: "Kategorie unter %{name} hinzufügen",
  edit: "Kategorie %{name}",
  open: "Zeigen, was unter %{name} steht",
  close: "Verbergen, was unter %{name} steht",
  created: "Die Kategorie ist angelegt",
  updated: "Gespeichert",
  deleted: "Die Kategorie ist gelöscht",
  deleteTitle: "Die Kategorie „%{name}“ löschen?",
  deleteContent: "Sie muss leer sein: ohne Produkte, und ohne etwas darunter.",
  empty: "Es gibt noch keine Kategorien.",
};
