/* The scanner without a network: every file of the pages in one cache for each version. A new version waits until no page is open. */

importScripts("files.js"); // self.FILES and self.VERSION, written by tools/web_files.py

const CACHE = `healthcard-${self.VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(self.FILES.map((path) => new Request(path, { cache: "no-cache" })))));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name.startsWith("healthcard-") && name !== CACHE));
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const base = new URL("./", self.location).pathname;
  const path = pathname.slice(base.length);
  if (event.request.method !== "GET" || origin !== self.location.origin || !self.FILES.includes(path === "" ? "./" : path)) return;
  event.respondWith(caches.open(CACHE).then((cache) => cache.match(path === "" ? "./" : path)).then((found) => found || fetch(event.request)));
});
