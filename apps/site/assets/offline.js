// Starts the service worker. A page that needs threads and has no isolation is loaded once more when the worker is there:
// from then on its answers have the headers that a host left out.

const RELOADED = 'twocan-reloaded';
const wantsIsolation = document.querySelector('script[data-isolate]') !== null;

async function start() {
  if (!('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register(new URL('../worker.js', import.meta.url));
  if (!wantsIsolation || self.crossOriginIsolated) return;
  await navigator.serviceWorker.ready;
  if (sessionStorage.getItem(RELOADED) !== null) return; // This browser does not isolate it: one thread then.
  sessionStorage.setItem(RELOADED, 'yes');
  location.reload();
}

// A private window may refuse workers or storage: the page works without both.
start().catch((error) => console.info(`not kept for offline use: ${error.message}`));
