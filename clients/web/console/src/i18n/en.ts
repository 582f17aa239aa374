// General texts of the console in English.

export const en = {
  title: "Sanset console",
  menu: {
    dashboard: "Dashboard",
    shop: "Sales",
    catalog: "Catalogue",
    customers: "Customers",
    promotion: "Promotion",
    system: "System",
  },
  session: {
    title: "Sign in",
    name: "E-mail address or user name",
    password: "Password",
    code: "Code",
    codeHint: "Of your authenticator, or one of your recovery codes.",
    signIn: "Sign in",
    passkey: "Sign in with a passkey",
    noPasskey: "No passkey was used.",
    notStaff:
      "This account may do nothing here. Sign in with one that works for the shop; the shop may ask for a second factor first.",
    signInFirst: "Please sign in.",
    ended: "Your session has ended",
    endedHint: "Sign in again to go on where you are. What you typed is still there.",
    leave: "Leave the page",
  },
  failure: {
    unreachable: "The shop does not answer. Try again in a moment.",
    unknown: "Something went wrong. Try again.",
    title: "This could not be loaded",
    again: "Try again",
    elsewhere: "Not beside any field:",
  },
  form: {
    amount: "Write an amount such as 12.99.",
    notFound: "This does not exist any more.",
  },
  list: {
    empty: "Nothing here yet",
    nothingMatches: "Nothing matches these filters",
    clear: "Clear the filters",
    never: "Never",
    always: "Always",
  },
} as const;
