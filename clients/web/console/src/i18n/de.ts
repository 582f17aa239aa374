// General texts of the console in German.
import type { Translated } from "./translated";
import type { en } from "./en";

export const de: Translated<typeof en> = {
  title: "Sanset-Konsole",
  menu: {
    dashboard: "Übersicht",
    shop: "Verkauf",
    catalog: "Katalog",
    customers: "Kundschaft",
    promotion: "Aktionen",
    system: "System",
  },
  session: {
    title: "Anmelden",
    name: "E-Mail-Adresse oder Benutzername",
    password: "Passwort",
    code: "Code",
    codeHint: "Aus Ihrer Authenticator-App, oder einer Ihrer Wiederherstellungscodes.",
    signIn: "Anmelden",
    passkey: "Mit einem Passkey anmelden",
    noPasskey: "Es wurde kein Passkey verwendet.",
    notStaff:
      "Dieses Konto darf hier nichts. Melden Sie sich mit einem an, das für den Shop arbeitet; vielleicht verlangt der Shop zuvor einen zweiten Faktor.",
    signInFirst: "Bitte melden Sie sich an.",
    ended: "Ihre Sitzung ist beendet",
    endedHint: "Melden Sie sich wieder an, um hier weiterzumachen. Was Sie geschrieben haben, ist noch da.",
    leave: "Die Seite verlassen",
  },
  failure: {
    unreachable: "Der Shop antwortet nicht. Versuchen Sie es gleich noch einmal.",
    unknown: "Etwas ist schiefgegangen. Versuchen Sie es noch einmal.",
    title: "Das ließ sich nicht laden",
    again: "Noch einmal versuchen",
    elsewhere: "Neben keinem Feld:",
  },
  form: {
    amount: "Schreiben Sie einen Betrag wie 12,99.",
    notFound: "Das gibt es nicht mehr.",
  },
  list: {
    empty: "Hier ist noch nichts",
    nothingMatches: "Nichts passt zu diesen Filtern",
    clear: "Filter entfernen",
    never: "Nie",
    always: "Immer",
  },
};
