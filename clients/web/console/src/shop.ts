// The shop that served this page, and the person who works in it.
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { SansetClient } from "@sanset/client";
import { readingAgain } from "./data/queries";
import { sendingFiles } from "./data/uploads";
import { spokenLanguage } from "./i18n/language";
import { sessionEnd } from "./session/sessionEnd";

const transport = createGrpcWebTransport({
  baseUrl: window.location.origin,
  interceptors: [
    (next) => (request) => {
      request.header.set("accept-language", spokenLanguage()); // what the shop refuses is said as the page speaks
      return next(request);
    },
    readingAgain,
  ],
});

/**
 * The shop. Its tokens are kept for every tab, by a name of their own: who signs in at the storefront of the same address
 * is not signed in here, nor the other way round.
 */
export const shop = new SansetClient(sendingFiles(transport, window.location.origin, spokenLanguage), {
  storage: localStorage,
  storageKey: "sanset.console",
  onSignedOut: () => sessionEnd.announce(),
});
