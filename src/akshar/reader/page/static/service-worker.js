// Keeps the page for use without a network. The export puts before this what to keep, FILES, and its digest, VERSION. All files
// but the page are in a folder with the digest in its name, so that those of two exports never mix.

const PREFIX = `akshar ${self.registration.scope} `;
const NAME = PREFIX + VERSION;

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(forget()));
self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

async function keep() {
  const cache = await caches.open(NAME);
  await Promise.all(FILES.map(async (file) => cache.put(file, await fetched(file))));
  await self.skipWaiting();
}

async function fetched(file) {
  const response = await fetch(file, { cache: "no-cache" }); // asks whether a copy is current
  if (!response.ok) throw new Error(`${file}: HTTP status ${response.status}`);
  // A copy, because what came by a redirect is refused as a page.
  return new Response(response.body, { headers: response.headers });
}

// Removes the files of earlier exports at the same place.
async function forget() {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
  }
}

// The page comes from the network where there is one, everything else from what was kept.
async function answer(request) {
  const cache = await caches.open(NAME);
  if (request.mode !== "navigate") return (await cache.match(request)) ?? fetch(request);
  const url = request.url.replace(/[?#].*$/, "").replace(/\/index\.html$/, "/");
  return fetch(request).catch(async (error) => {
    const kept = await cache.match(url);
    if (kept) return kept;
    throw error;
  });
}
