/** The desk: logs in, and puts the parts together. */

import "/bell.js";
import { Api, busy } from "./desk/api.js";
import { newWork } from "./desk/form.js";
import { KINDS } from "./desk/kinds.js";
import { Log } from "./desk/log.js";
import { Policies } from "./desk/policies.js";
import { policyControl } from "./desk/policy.js";
import { pushControl } from "./desk/push.js";
import { claims, enter, expire, logOut, takeToken } from "./desk/session.js";
import { Work } from "./desk/work.js";
import { release } from "./pages/push.js";
import { h } from "/bell/dom.js";

const CONNECTION = { connecting: "Connecting…", live: "Live", offline: "Offline", unauthorized: "Logged out" };
const PROBLEMS = { expired: "The login has expired. Paste a fresh token.", damaged: "The kept token is damaged. Paste a fresh one." };
const find = (id) => document.getElementById(id);

function showLogin(problem) {
  find("login").hidden = false;
  find("token-error").textContent = problem;
  find("token").focus();
}

async function leave(api) {
  await release(api);
  logOut("/");
}

find("login-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = find("token").value.trim();
  if (!claims(token)) {
    find("token-error").textContent = "This is not a token. Copy the whole line that the command prints.";
    return;
  }
  enter(token);
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
  if (Object.hasOwn(KINDS, kind ?? "")) void work.reveal(kind, id);
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
  api.addEventListener("unauthorized", expire, { once: true });

  find("desk").hidden = false;
  find("user").textContent = `${me.sub} · ${me.tenant}`;
  find("avatar").textContent = me.sub.charAt(0).toUpperCase();
  find("avatar").title = `${me.sub} · ${me.tenant}`;
  find("logout").addEventListener("click", ({ currentTarget }) => void busy(currentTarget, () => leave(api)));
  for (const part of document.querySelectorAll("[data-role]")) part.hidden = part.dataset.role !== me.role;

  bell.addEventListener("connection", ({ detail: { state } }) => {
    find("connection").dataset.state = state;
    find("connection").textContent = CONNECTION[state];
    if (state !== "live") return;
    log.live();
    void work.refresh();
  });
  bell.addEventListener("missed", () => log.missed());
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

const { token, me, problem } = await takeToken();
if (me) await start(token, me);
else showLogin(PROBLEMS[problem] ?? "");
