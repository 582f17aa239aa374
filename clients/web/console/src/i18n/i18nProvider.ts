// The texts of the console: react-admin's own, the general ones, and those that each resource and page brings.
import polyglotI18nProvider from "ra-i18n-polyglot";
import english from "ra-language-english";
import type { StringMap, TranslationMessages } from "react-admin";
import { pages, resources } from "../registry";
import { de } from "./de";
import { en } from "./en";
import { german } from "./german";
import { LANGUAGES, speak, spokenLanguage } from "./language";

type Language = "en" | "de";

/** A shop has no "elements". */
const DONE = {
  created: "Created",
  updated: "Saved |||| %{smart_count} entries saved",
  deleted: "Deleted |||| %{smart_count} entries deleted",
};

const texts: Record<Language, TranslationMessages> = {
  en: withOwn({ ...english, ra: { ...english.ra, notification: { ...english.ra.notification, ...DONE } } }, "en", en),
  de: withOwn(german, "de", de),
};

export const i18nProvider = polyglotI18nProvider(
  (locale) => {
    speak(locale);
    return texts[locale === "de" ? "de" : "en"];
  },
  spokenLanguage(),
  [...LANGUAGES],
  { allowMissing: true }, // sentences of the shop are no keys
);

function withOwn(general: TranslationMessages, language: Language, own: StringMap): TranslationMessages {
  const named = (items: readonly { name: string; messages: Record<Language, StringMap> }[]) =>
    Object.fromEntries(items.map(({ name, messages }) => [name, messages[language]]));
  return { ...general, console: own, resources: named(resources), pages: named(pages) };
}
