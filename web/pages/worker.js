/** Registers the service worker, which shows pushes and, without a network, the offline page. */

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js", { scope: "/", type: "classic" }).catch(() => {
    // Without it everything works but push and the offline page.
  });
}
