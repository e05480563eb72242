/**
 * Shows pushes, opens what they point to, and does what their buttons say. A push holds a Declarative Web Push
 * document; every push is shown, also one that cannot be read, for browsers take the permission away from pages that
 * stay silent. Without a network pages give way to a fixed offline page: its files are all that is ever stored.
 */

const ICON = "/static/icons/icon-192.png";
const OFFLINE = "/offline";
const STORED = [OFFLINE, "/static/pages/offline.css", "/static/pages/offline.js", "/static/icons/icon.svg"];
const OURS = "punctual-";
const CACHE = `${OURS}offline-1`;
/** The page that a push may take somewhere else: nobody fills in a form there. */
const MOVABLE = "/inbox";
/** The actions whose address takes a POST: nothing has to be opened for them. */
const ACTS = ["acknowledge", "snooze"];
/** How long an act may take, in ms: a page can be opened for a short while after a click only. */
const WITHIN = 5_000;

/** What cannot be stored now is no reason to go without pushes. */
async function store() {
  const files = STORED.map((path) => new Request(path, { cache: "reload" }));
  await caches.open(CACHE).then((cache) => cache.addAll(files)).catch(() => {});
  await self.skipWaiting();
}

async function begin() {
  await self.clients.claim();
  const older = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
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

/** An address of our own origin, which a POST may go to; null for any other. */
function ours(url) {
  const isAddress = typeof url === "string" && URL.canParse(url, self.location.origin);
  const parsed = isAddress ? new URL(url, self.location.origin) : null;
  return parsed?.origin === self.location.origin ? parsed.href : null;
}

async function show(document) {
  const given = document.notification && typeof document.notification === "object" ? document.notification : {};
  const actions = Array.isArray(given.actions) ? given.actions : [];
  const known = actions.filter((one) => typeof one?.action === "string" && typeof one?.title === "string").slice(0, 2);
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
      report: ours(given.data?.report),
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

const windows = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });

async function open(url) {
  const all = await windows();
  const there = all.find((client) => client.url === url);
  if (there) return there.focus();
  const isOurs = new URL(url).origin === self.location.origin;
  const movable = isOurs && all.find((client) => new URL(client.url).pathname === MOVABLE);
  if (movable) {
    const moved = await movable.navigate(url).catch(() => null);
    if (moved) return moved.focus();
  }
  return self.clients.openWindow(url);
}

/** Whether it was taken. The address itself says who may: no cookie goes along. */
function post(url, more = {}) {
  return fetch(url, { method: "POST", credentials: "omit", redirect: "error", ...more }).then(({ ok }) => ok, () => false);
}

/** Tells the server what became of a notification; that it hears of it is worth no more than one try. */
async function report({ data }, event) {
  if (data?.report) await post(data.report, { body: new URLSearchParams({ event }), keepalive: true });
}

/** Does what was pressed. Where that fails its page says why, and if no page can be opened it is shown once more. */
async function act(notification, url) {
  if (await post(url, { signal: AbortSignal.timeout(WITHIN) })) return;
  const { title, body, tag, icon, badge, actions, data } = notification;
  await open(url).catch(() => self.registration.showNotification(title, { body, tag, icon, badge, actions, data }));
}

function follow(notification, action) {
  const { navigate, actions } = notification.data ?? {};
  const url = checked(actions?.[action] ?? navigate);
  return ACTS.includes(action) && ours(url) ? act(notification, url) : open(url);
}

self.addEventListener("notificationclick", (event) => {
  const { notification, action } = event;
  notification.close();
  event.waitUntil(Promise.all([follow(notification, action), report(notification, "clicked")]));
});

self.addEventListener("notificationclose", (event) => event.waitUntil(report(event.notification, "dismissed")));

/** The server's key as it now is; null where it cannot be had. */
async function currentKey() {
  try {
    return (await (await fetch("/v1/push/public-key")).json()).public_key ?? null;
  } catch {
    return null;
  }
}

/** Subscribes again what the browser has dropped. Only a page can tell the server: an open one now, else the next. */
async function renew({ oldSubscription, newSubscription }) {
  if (!newSubscription) {
    const applicationServerKey = (await currentKey()) ?? oldSubscription?.options.applicationServerKey;
    // Where it is refused here, a page tries once more.
    await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }).catch(() => {});
  }
  for (const client of await windows()) client.postMessage("push-subscription-changed");
}

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));
