/**
 * Shows pushes and opens what they point to. A push holds a Declarative Web Push document; every push is shown,
 * also one that cannot be read, for browsers take the permission away from pages that stay silent.
 * Without a network pages give way to a fixed offline page: its files are all that is ever stored.
 */

const ICON = "/static/icons/icon-192.png";
const OFFLINE = "/offline";
const STORED = [OFFLINE, "/static/pages/offline.css", "/static/pages/offline.js", "/static/icons/icon.svg"];
const OURS = "punctual-";
const CACHE = `${OURS}offline-1`;
/** The page that a push may take somewhere else: nobody fills in a form there. */
const MOVABLE = "/inbox";

/** What cannot be stored now is no reason to go without pushes. */
async function store() {
  const cache = await caches.open(CACHE);
  await cache.addAll(STORED.map((path) => new Request(path, { cache: "reload" }))).catch(() => {});
  await self.skipWaiting();
}

async function begin() {
  const older = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("install", (event) => event.waitUntil(store()));
self.addEventListener("activate", (event) => event.waitUntil(begin()));

async function withoutNetwork(request, path) {
  try {
    return await fetch(request);
  } catch (error) {
    const stored = await caches.match(path);
    if (stored) return stored;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(withoutNetwork(request, OFFLINE));
  else if (STORED.includes(pathname)) event.respondWith(withoutNetwork(request, pathname));
});

function read(data) {
  try {
    const document = data.json();
    return document && typeof document === "object" ? document : {};
  } catch {
    return {};
  }
}

const text = (value, most) => (typeof value === "string" ? value.slice(0, most) : "");

/** The address to open: of our own origin, or absolute https without a user name; anything else opens the start page. */
function checked(url) {
  try {
    const parsed = new URL(typeof url === "string" ? url : "/", self.location.origin);
    const plain = !parsed.username && !parsed.password;
    if (plain && (parsed.origin === self.location.origin || (parsed.protocol === "https:" && /^https:\/\//i.test(url)))) {
      return parsed.href;
    }
  } catch {
    // Not an address at all.
  }
  return new URL("/", self.location.origin).href;
}

async function show(document) {
  const given = document.notification && typeof document.notification === "object" ? document.notification : {};
  const actions = Array.isArray(given.actions) ? given.actions.slice(0, 2) : [];
  const known = actions.filter((one) => typeof one?.action === "string" && typeof one?.title === "string");
  const options = {
    body: text(given.body, 1000) || undefined,
    tag: text(given.tag, 200) || undefined,
    renotify: Boolean(text(given.tag, 200)),
    icon: ICON,
    badge: ICON,
    actions: known.map(({ action, title }) => ({ action, title })),
    data: {
      navigate: checked(given.navigate),
      actions: Object.fromEntries(known.map(({ action, navigate }) => [action, checked(navigate ?? given.navigate)])),
      notification_id: text(given.data?.notification_id, 200),
    },
  };
  await self.registration.showNotification(text(given.title, 300) || "Punctual: you have a new notification", options);
  await badge(document.app_badge);
}

async function badge(value) {
  const count = Number(value);
  if (value === undefined || !Number.isInteger(count) || count < 0) return;
  try {
    await (count ? self.navigator.setAppBadge?.(count) : self.navigator.clearAppBadge?.());
  } catch {
    // A badge is an extra; the notification is shown.
  }
}

self.addEventListener("push", (event) => event.waitUntil(show(event.data ? read(event.data) : {})));

async function open(url) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((client) => client.url === url);
  if (there) return there.focus();
  const isOurs = new URL(url).origin === self.location.origin;
  const movable = isOurs && windows.find((client) => new URL(client.url).pathname === MOVABLE);
  if (movable) {
    const moved = await movable.navigate(url).catch(() => null);
    if (moved) return moved.focus();
  }
  return self.clients.openWindow(url);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { navigate, actions } = event.notification.data ?? {};
  event.waitUntil(open(checked(actions?.[event.action] ?? navigate)));
});
