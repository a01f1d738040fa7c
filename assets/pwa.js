// Makes the product installable and lets it show alerts while no page is open (see sw.js).
if ("serviceWorker" in navigator) {
  addEventListener("load", () => {
    navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" }).catch(() => {
      // Refused (private window, storage off): the pages work without it, push does not.
    });
  });
}
