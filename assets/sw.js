// The service worker: alerts that arrive while no page is open, and a page for when there is no network.
// Data are never kept here: what is shown as current is always asked for.
const CACHE = "premium-offline-1";
const OFFLINE = "/offline.html";
const KEPT = [OFFLINE, "/mark.svg", "/fonts/inter.woff2"];

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.addAll(KEPT.map((url) => new Request(url, { cache: "reload" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
      await self.registration.navigationPreload?.enable();
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(page(event));
  else if (KEPT.includes(new URL(request.url).pathname)) event.respondWith(kept(request));
});

async function page(event) {
  try {
    return (await event.preloadResponse) || (await fetch(event.request));
  } catch {
    return (await caches.match(OFFLINE)) || Response.error();
  }
}

async function kept(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request)) || Response.error();
  }
}

// --- push ---

self.addEventListener("push", (event) => {
  event.waitUntil(show(read(event.data)));
});

// What came is ours, encrypted for this browser; it is still read as text and shown as text.
function read(data) {
  try {
    const said = data.json();
    if (said && typeof said === "object") return said;
  } catch {
    // Not JSON: nothing of ours.
  }
  return {};
}

const text = (value, most) => (typeof value === "string" ? value.slice(0, most) : "");

// Only pages of ours: a path, never another address.
const path = (value) => {
  const found = new URL(text(value, 1000) || "/alerts/", self.location.origin);
  return found.origin === self.location.origin ? found.pathname + found.search : "/alerts/";
};

async function show(said) {
  const at = Date.parse(text(said.at, 40));
  const options = {
    body: text(said.body, 600),
    icon: "/icons/icon-192.png",
    badge: "/icons/badge-96.png",
    tag: text(said.tag, 100) || "premium",
    renotify: true,
    timestamp: Number.isNaN(at) ? Date.now() : at,
    data: { url: path(said.url) },
  };
  if (text(said.image, 1000)) options.image = path(said.image);
  await self.registration.showNotification(text(said.title, 120) || "Premium", options);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(path(event.notification.data?.url)));
});

// A page that is open is led there and shown; else a new one opens.
async function open(url) {
  for (const page of await self.clients.matchAll({ type: "window" })) {
    const there = await page.navigate(url).catch(() => null); // null: not ours to lead
    if (there) return there.focus().catch(() => there);
  }
  return self.clients.openWindow(url);
}

// The browser gave this device another address: tell the server, which forgets the old one.
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(
    (async () => {
      const old = event.oldSubscription;
      const fresh = event.newSubscription || (old && (await self.registration.pushManager.subscribe(old.options)));
      if (!fresh) return;
      await fetch("/v1/notifications/push/subscriptions", {
        method: "POST",
        credentials: "same-origin",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify({ ...fresh.toJSON(), replaces: old ? old.endpoint : null }),
      });
    })(),
  );
});
