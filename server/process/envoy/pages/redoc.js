// Shows /openapi.json in Redoc.
"use strict";

Redoc.init("/openapi.json", {hideDownloadButton: false, nativeScrollbars: true}, document.getElementById("page"));
