/** The desk: logs in, and puts the parts together. */

import "/bell.js";
import { Api } from "./desk/api.js";
import { Appointments } from "./desk/appointments.js";
import { newAppointment } from "./desk/form.js";
import { Log } from "./desk/log.js";
import { policyControl, Reminders } from "./desk/policy.js";
import { pushControl } from "./desk/push.js";
import { claims, forget, keep, takeToken } from "./desk/session.js";

const CONNECTION = { connecting: "Connecting…", live: "Live", offline: "Offline", unauthorized: "Logged out" };
const find = (id) => document.getElementById(id);

function showLogin(problem = "") {
  find("desk").hidden = true;
  find("login").hidden = false;
  find("token-error").textContent = problem;
  find("token").focus();
}

function logOut(problem = "") {
  forget();
  document.querySelector("notification-bell").removeAttribute("token");
  if (problem) showLogin(problem);
  else location.replace("/");
}

find("login-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = find("token").value.trim();
  if (!claims(token)) {
    find("token-error").textContent = "This is not a token. Copy the whole line that the command prints.";
    return;
  }
  keep(token);
  location.reload();
});

async function showDemo(api) {
  const demo = await api.get("/v1/demo").catch(() => null);
  if (demo?.temporal_ui) {
    find("temporal").href = demo.temporal_ui;
    find("temporal").hidden = false;
  }
}

function followHash(appointments) {
  const [, id] = /^#appointment\/([\w.~-]+)$/.exec(location.hash) ?? [];
  if (id) void appointments.reveal(id);
}

async function start(token, me) {
  const api = new Api(token);
  const bell = document.querySelector("notification-bell");
  const log = new Log(find("log"));
  const appointments = new Appointments(api, find("cards"), find("alert"));
  api.addEventListener("unauthorized", () => logOut("The login has expired. Paste a fresh token."), { once: true });

  find("desk").hidden = false;
  find("user").textContent = `${me.sub} · ${me.tenant}`;
  find("avatar").textContent = me.sub.charAt(0).toUpperCase();
  find("avatar").title = `${me.sub} · ${me.tenant}`;
  find("logout").addEventListener("click", () => logOut());
  for (const part of document.querySelectorAll("[data-role]")) part.hidden = part.dataset.role !== me.role;

  bell.addEventListener("connection", ({ detail: { state } }) => {
    find("connection").dataset.state = state;
    find("connection").textContent = CONNECTION[state];
    log.connection(state);
    if (state === "live") void appointments.refresh();
  });
  bell.addEventListener("frame", ({ detail }) => {
    log.add(detail);
    if (detail.type === "new_notification") appointments.refreshSoon();
  });
  bell.addEventListener("unread-count", ({ detail: { count } }) => {
    document.title = count ? `(${count}) Punctual` : "Punctual";
    if (count) navigator.setAppBadge?.(count).catch(() => {});
    else navigator.clearAppBadge?.().catch(() => {});
  });
  bell.setAttribute("token", token);

  for (const choice of document.querySelectorAll('input[name="show"]')) {
    choice.addEventListener("change", () => (appointments.show = choice.value));
  }
  const reminders = new Reminders(api);
  newAppointment(find("new"), appointments, reminders, me.sub);
  addEventListener("hashchange", () => followHash(appointments));
  await Promise.all([appointments.refresh(), showDemo(api), pushControl(api, document), me.role === "admin" && policyControl(reminders, find("policy"))]);
  followHash(appointments);
}

const token = takeToken();
const me = token && claims(token);
if (me) await start(token, me);
else showLogin(token ? "The kept token is damaged. Paste a fresh one." : "");
// A link with a token opened in a tab that is already here changes the fragment only.
addEventListener("hashchange", () => /[#&]token=/.test(location.hash) && (takeToken(), location.reload()));
