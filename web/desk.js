/** The desk: logs in, and puts the parts together. */

import "/bell.js";
import { Api } from "./desk/api.js";
import { newWork } from "./desk/form.js";
import { KINDS } from "./desk/kinds.js";
import { Log } from "./desk/log.js";
import { Policies } from "./desk/policies.js";
import { policyControl } from "./desk/policy.js";
import { pushControl } from "./desk/push.js";
import { claims, forget, keep, takeToken } from "./desk/session.js";
import { Work } from "./desk/work.js";
import { h } from "/bell/dom.js";

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

function followHash(work) {
  const [, kind, id] = /^#([a-z_]+)\/([\w.~-]+)$/.exec(location.hash) ?? [];
  if (kind in KINDS) void work.reveal(kind, id);
}

/** What only an admin has: the form, the policies, and whom things can be given to. */
async function administer(api, work) {
  const policies = new Policies(api);
  policyControl(policies, find("policy"));
  newWork(find("new"), work, policies);
  const [people] = await Promise.all([
    api.get("/v1/users?limit=100").catch(() => ({ items: [] })),
    policies.look(policies.kind).catch((error) => (find("policy-error").textContent = error.message)),
  ]);
  work.people = people.items.filter(({ active }) => active);
  find("people").append(...work.people.map(({ id, name }) => h("option", { value: id }, name)));
}

async function start(token, me) {
  const api = new Api(token);
  const bell = document.querySelector("notification-bell");
  const log = new Log(find("log"));
  const work = new Work(api, find("cards"), find("alert"), me);
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
    if (state === "live") void work.refresh();
  });
  bell.addEventListener("frame", ({ detail }) => {
    log.add(detail);
    if (detail.type === "new_notification" || detail.notification?.acknowledged_at) work.refreshSoon();
  });
  bell.setAttribute("token", token);

  for (const choice of document.querySelectorAll(".list-head input")) {
    choice.addEventListener("change", () => (work[choice.name] = choice.value));
  }
  addEventListener("hashchange", () => followHash(work));
  if (me.role === "admin") await administer(api, work);
  await Promise.all([work.refresh(), showDemo(api), pushControl(api, document)]);
  followHash(work);
}

const token = takeToken();
const me = token && claims(token);
if (me) await start(token, me);
else showLogin(token ? "The kept token is damaged. Paste a fresh one." : "");
// A link with a token opened in a tab that is already here changes the fragment only.
addEventListener("hashchange", () => /[#&]token=/.test(location.hash) && (takeToken(), location.reload()));
