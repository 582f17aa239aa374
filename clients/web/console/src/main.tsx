import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Console } from "./Console";

/** Where the tab was read anew, so that it is once. */
const READ_ANEW = "sanset.console.read-anew";

// When pages were built anew, an open tab knows the files of before, which are gone.
window.addEventListener("vite:preloadError", (event) => {
  if (sessionStorage.getItem(READ_ANEW) === window.location.href) return;
  sessionStorage.setItem(READ_ANEW, window.location.href);
  event.preventDefault();
  window.location.reload();
});
setTimeout(() => sessionStorage.removeItem(READ_ANEW), 30_000);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Console />
  </StrictMode>,
);
