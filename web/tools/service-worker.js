// VERSION, BASE and FILES are written above this line by the build (tools/service-worker.ts).
// Caches the face's own files only: never an answer of the API, which may be personal and is kept by the query layer.
/* global VERSION, BASE, FILES */
const SHELL = `dipper-shell${BASE}${VERSION}`;
const PREFIX = `dipper-shell${BASE}`;

// A script asked for by a module carries an Origin, the kept one did not: the same file all the same.
const ANY = { ignoreVary: true };

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll([BASE, ...FILES.map((name) => BASE + name)]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== SHELL && !other(name)).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

// The resident face lives at "/", so its prefix also begins the names of the other faces' caches.
function other(name) {
  return name.slice(PREFIX.length).includes("/");
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin || !url.pathname.startsWith(BASE)) return;
  const path = url.pathname.slice(BASE.length);
  if (BASE === "/" && /^(api|ledger|open311|openid|\.well-known|licences\/(keys|status)|field|centre|developers|metrics|healthz|openapi\.json)(\/|$)/.test(path)) return;
  if (event.request.mode === "navigate") {
    event.respondWith(page(event.request));
  } else if (path.startsWith("assets/")) {
    event.respondWith(asset(event.request));
  }
});

// The page: from the network when it answers, else the one kept at installation.
async function page(request) {
  try {
    const fresh = await fetch(request);
    if (fresh.ok) return fresh;
  } catch {
    // Offline: the kept page follows.
  }
  const kept = await caches.match(BASE, ANY);
  return kept ?? Response.error();
}

// Files under assets/ carry the hash of their content in their name: once kept, always right.
async function asset(request) {
  const kept = await caches.match(request, ANY);
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) {
    const cache = await caches.open(SHELL);
    await cache.put(request, fresh.clone());
  }
  return fresh;
}
