/** The log-in form, where nobody is logged in. */

import { h } from "/bell/dom.js";
import { claims, enter } from "/static/desk/session.js";
import { languages } from "./languages.js";
import { t } from "./words.js";

const COMMAND = "punctual token --tenant demo --user asha --role admin";

/**
 * Puts the form in the page's place; a token that looks like one reloads the page with it.
 * @param {string} [problem] why there is nobody any more
 */
export function logIn(problem = "") {
  const error = h("p", { id: "token-error", class: "field-error", role: "alert" });
  const token = h("input", {
    id: "token", name: "token", type: "password", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": "token-error",
  });
  const form = h(
    "form",
    { id: "login-form", class: "sheet", novalidate: true },
    h("img", { src: "/static/icons/icon.svg", width: "44", height: "44", alt: "" }),
    h("h1", {}, t("login.title")),
    h("p", { class: "muted" }, t("login.how")),
    h("pre", { tabindex: "0" }, h("code", {}, COMMAND)),
    h("div", { class: "field" }, h("label", { for: "token" }, t("login.token")), token, error),
    h("button", { class: "primary wide", type: "submit" }, t("login.go")),
    languages(),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = token.value.trim();
    if (!claims(given)) {
      error.textContent = t("login.none");
      return;
    }
    enter(given);
  });
  document.body.replaceChildren(h("main", { id: "login", class: "login" }, form));
  document.title = t("login.title");
  error.textContent = problem;
  token.focus();
}
