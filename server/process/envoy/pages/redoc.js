// Shows /openapi.json in Redoc.
"use strict";

// Redoc's mark lies with its maker, and this page loads nothing from elsewhere: it does without.
const image = HTMLImageElement.prototype;
const {setAttribute} = image;
const {set: setSource, ...source} = Object.getOwnPropertyDescriptor(image, "src");
const isOurs = (address) => address.startsWith("data:") || new URL(address, location).origin === location.origin;

image.setAttribute = function (name, value) {
  if (name !== "src" || isOurs(value)) setAttribute.call(this, name, value);
};
Object.defineProperty(image, "src", {
  ...source,
  set(address) {
    if (isOurs(address)) setSource.call(this, address);
    else this.hidden = true;
  },
});

Redoc.init("/openapi.json", {hideDownloadButton: false, nativeScrollbars: true}, document.getElementById("page"));
