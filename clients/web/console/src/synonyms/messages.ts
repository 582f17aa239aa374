import type { Translated } from "../i18n/translated";

export const en = {
  name: "Synonym |||| Synonyms",
  fields: { input: "Searched for", terms: "Terms", updateTime: "Changed" },
  inputHint: "Leave it empty for terms that are equal: sofa, couch. With it, who searches for it finds the terms too.",
  termsHint: "Press Enter after each term.",
  equal: "Equal",
  empty: "There are no synonyms yet.",
} as const;

export const de: Translated<typeof en> = {
  name: "Synonym |||| Synonyme",
  fields: { input: "Gesucht", terms: "Begriffe", updateTime: "Geändert" },
  inputHint:
    "Leer lassen, wenn die Begriffe dasselbe bedeuten: Sofa, Couch. Sonst findet, wer danach sucht, auch die Begriffe.",
  termsHint: "Nach jedem Begriff die Eingabetaste drücken.",
  equal: "Gleich",
  empty: "Es gibt noch keine Synonyme.",
};
