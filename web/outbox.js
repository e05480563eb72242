/** The outbox: what would have been mailed, newest first, and one mail as its reader would see it. */

import { h, icon } from "/bell/dom.js";
import { absolute, relative } from "/bell/format.js";
import { Api } from "./desk/api.js";
import { takeToken } from "./desk/session.js";
import { Push } from "./pages/push.js";

const EVERY = 4_000;
const isNarrow = matchMedia("(max-width: 820px), (max-width: 1180px) and (max-height: 560px)");
const find = (id) => document.getElementById(id);

let chosen = null;
let mail = null;
let drawn = "";

function fail(text, ...more) {
  find("alert").replaceChildren(text, ...more);
  find("alert").hidden = false;
  find("mails").setAttribute("aria-busy", "false");
}

/** The beginning of a mail, without the subject that it starts with. */
function excerpt(text, subject) {
  const line = text.replace(/\s+/g, " ").trim();
  return (subject && line.startsWith(subject) ? line.slice(subject.length) : line).trim().slice(0, 180);
}

function row({ id, to, subject, date, text }) {
  return h(
    "button",
    { class: "mail", type: "button", data: { id }, "aria-current": id === chosen ? "true" : null, on: { click: () => void pick(id) } },
    h("span", { class: "line" }, h("span", {}, `To ${to}`), h("time", { datetime: date, title: absolute(date) }, relative(date))),
    h("strong", { dir: "auto" }, subject || "(no subject)"),
    h("span", { class: "excerpt", dir: "auto" }, excerpt(text ?? "", subject)),
  );
}

function empty() {
  return h(
    "div",
    { class: "empty" },
    icon("mail"), h("strong", {}, "No mails yet"),
    h("p", { class: "muted" }, "Important notifications are mailed as well. Here they land in a folder instead of in an inbox."),
  );
}

function draw(items) {
  find("count").textContent = items.length ? `${items.length} ${items.length === 1 ? "mail" : "mails"}` : "";
  const held = document.activeElement?.dataset?.id;
  const top = find("mails").scrollTop;
  find("mails").replaceChildren(...(items.length ? items.map(row) : [empty()]));
  find("mails").scrollTop = top;
  find("mails").setAttribute("aria-busy", "false");
  if (held) find("mails").querySelector(`[data-id="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
}

/** Plain text, with its https and own links to click. */
function linked(text) {
  const parts = text.split(/(https?:\/\/[^\s<>"')\]]+)/);
  const link = (url) => {
    const ours = URL.canParse(url) && (url.startsWith("https:") || new URL(url).origin === location.origin);
    return ours ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url) : url;
  };
  return h("pre", { tabindex: "0", dir: "auto" }, ...parts.map((part, n) => (n % 2 ? link(part) : part)));
}

function drawBody() {
  if (!mail) return;
  const wantsHtml = document.querySelector('input[name="as"]:checked').value === "html";
  if (!wantsHtml || !mail.html) {
    find("body").replaceChildren(linked(mail.text ?? ""));
    return;
  }
  // The empty sandbox: no scripts, no forms, no navigation of ours, an origin of its own.
  const frame = h("iframe", { sandbox: "", title: "The mail, without scripts and links", referrerpolicy: "no-referrer" });
  frame.srcdoc = mail.html;
  find("body").replaceChildren(frame);
}

async function choose(id) {
  chosen = id;
  for (const one of find("mails").children) {
    if (one.dataset.id === id) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
  try {
    mail = await api.get(`/v1/outbox/${id}`);
  } catch (error) {
    fail(error.message);
    return;
  }
  find("alert").hidden = true;
  find("subject").textContent = mail.subject || "(no subject)";
  find("envelope").textContent = `To ${mail.to} · ${absolute(mail.date)}`;
  find("preview").hidden = false;
  drawBody();
}

/** On a narrow screen a mail takes the list's place, and the browser's way back leads to the list. */
async function pick(id) {
  await choose(id);
  if (!isNarrow.matches || mail?.id !== id) return;
  history.pushState({ reading: true }, "");
  read(true);
  scrollTo(0, 0);
  find("back").focus({ preventScroll: true });
}

function read(open) {
  document.querySelector(".mails").classList.toggle("reading", open);
}

function backToTheList() {
  read(false);
  find("mails").querySelector("[aria-current]")?.focus();
}

async function refresh() {
  try {
    const { items } = await api.get("/v1/outbox");
    find("alert").hidden = true;
    const now = JSON.stringify(items.map((item) => [item.id, relative(item.date)]));
    if (now !== drawn) draw(items);
    drawn = now;
    if (!chosen && items.length && !isNarrow.matches) await choose(items[0].id);
  } catch (error) {
    if (error.status === 401) return logIn();
    if (error.status === 403) return logIn("The outbox is for admins. ");
    fail(error.message);
  }
  setTimeout(refresh, EVERY);
}

const logIn = (why = "You are not logged in. ") => fail(why, h("a", { href: "/" }, "Log in on the desk"), " and come back.");

const { token } = await takeToken();
const api = new Api(token);
for (const choice of document.querySelectorAll('input[name="as"]')) choice.addEventListener("change", drawBody);
find("back").addEventListener("click", () => (history.state?.reading ? history.back() : backToTheList()));
addEventListener("popstate", backToTheList);
if (token) {
  void refresh();
  void new Push(api).keep();
} else logIn();
