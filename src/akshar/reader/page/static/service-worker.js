// Keeps the page for use without a network. The export puts FILES, what to keep, and VERSION, their digest, before this.

const PREFIX = `akshar ${self.registration.scope} `;
const NAME = PREFIX + VERSION;

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(forget()));
self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

async function keep() {
  const cache = await caches.open(NAME);
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" }))); // asks whether a copy is current
}

// Removes the files of earlier exports at the same place.
async function forget() {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
  }
}

async function answer(request) {
  const cache = await caches.open(NAME);
  const url = request.url.replace(/[?#].*$/, "").replace(/\/index\.html$/, "/");
  return (await cache.match(url)) ?? fetch(request);
}
