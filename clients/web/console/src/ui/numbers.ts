// Numbers as the language of the page writes them.
import { spokenLanguage } from "../i18n/language";

export function countText(number: number): string {
  return number.toLocaleString(spokenLanguage());
}

/** A measure between 0 and some: three digits that say something. */
export function measureText(number: number | undefined): string {
  return number === undefined ? "" : number.toLocaleString(spokenLanguage(), { maximumSignificantDigits: 3 });
}

export function percentText(share: number): string {
  return share.toLocaleString(spokenLanguage(), { style: "percent", maximumFractionDigits: 1 });
}
