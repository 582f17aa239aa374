// The languages of the console, and the one that is spoken.

export const LANGUAGES = [
  { locale: "en", name: "English" },
  { locale: "de", name: "Deutsch" },
] as const;

let spoken = navigator.language.startsWith("de") ? "de" : "en";

export function spokenLanguage(): string {
  return spoken;
}

/** Takes note of the language that the page is shown in. */
export function speak(locale: string): void {
  spoken = locale;
  document.documentElement.lang = locale;
}
