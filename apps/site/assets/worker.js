/* global VERSION, HEADERS, FILES */
// The service worker of the whole site: it keeps every file for use without a network, and gives each page the headers
// that isolate it, where the host sends none. The build writes VERSION, HEADERS and FILES above.

/** The same answer with the headers that isolate a page. */
function isolated(response) {
  if (response.type === 'opaque' || response.type === 'error') return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

/** Where a file is kept: `docs/` is `docs/index.html`. */
function keyOf(url) {
  const key = new URL(url);
  key.search = '';
  key.hash = '';
  if (key.pathname.endsWith('/')) key.pathname += 'index.html';
  return key.href;
}

async function answer(request) {
  const cache = await caches.open(VERSION);
  const kept = await cache.match(keyOf(request.url), { ignoreVary: true });
  return isolated(kept ?? (await fetch(request)));
}

self.addEventListener('install', (event) => {
  const keep = async () => {
    const cache = await caches.open(VERSION);
    // The host says which files did not change since the last version.
    await cache.addAll(
      FILES.map(
        (file) => new Request(new URL(file, self.registration.scope), { cache: 'no-cache' }),
      ),
    );
  };
  event.waitUntil(keep());
});

self.addEventListener('activate', (event) => {
  const begin = async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith('twocan-') && name !== VERSION) await caches.delete(name);
    }
    await self.clients.claim();
  };
  event.waitUntil(begin());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const isOwn = request.url.startsWith(self.registration.scope);
  if (request.method === 'GET' && isOwn) event.respondWith(answer(request));
});
