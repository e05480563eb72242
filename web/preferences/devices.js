/** The devices that take pushes: this one, on or off, and all of them. */

import { h } from "/bell/dom.js";
import { busy } from "/static/desk/api.js";
import { icon } from "../pages/icons.js";
import { day } from "../pages/time.js";
import { explain, t } from "../pages/words.js";

const PATH = "/v1/push/subscriptions";
const IMPOSSIBLE = ["insecure", "install", "unsupported", "denied", "keyless"];

/** @param {(id: string) => HTMLElement} find @param {Api} api @param {Push} push this browser's */
export async function devices(find, api, push) {
  async function attempt(work) {
    find("push-error").textContent = "";
    try {
      draw(await work());
    } catch (error) {
      find("push-error").textContent = error.name === "AbortError" ? t("push.unreachable") : explain(error);
    }
    // The others are there, whatever is wrong with this one.
    await list().catch((error) => (find("push-error").textContent ||= explain(error)));
  }

  function draw(state) {
    const hadFocus = ["push-on", "push-off"].includes(document.activeElement.id);
    find("push-state").textContent = t(`push.${state}`);
    find("push-on").hidden = state === "on";
    find("push-on").disabled = IMPOSSIBLE.includes(state);
    find("push-off").hidden = state !== "on";
    const next = state === "on" ? "push-off" : find("push-on").disabled ? "devices-heading" : "push-on";
    if (hadFocus) find(next).focus();
  }

  async function remove(device) {
    // This one is told as well, or it would come back on the next visit.
    if (device.id === push.id) return push.disable();
    await api.delete(`${PATH}/${encodeURIComponent(device.id)}`);
    return push.look();
  }

  function row(device) {
    const isThis = device.id === push.id;
    const button = h("button", { class: "ghost danger", type: "button", "aria-label": t("devices.remove", { device: device.device }), title: t("devices.remove", { device: device.device }) }, icon("trash"));
    button.addEventListener("click", () => void attempt(() => busy(button, () => remove(device))).then(() => find("devices-heading").focus()));
    const about = h("span", { class: "muted small" }, t("devices.since", { day: day(device.created_at) }));
    return h("li", {}, h("div", {}, h("strong", {}, device.device), isThis && h("span", { class: "chip good" }, t("devices.this")), about), button);
  }

  async function list() {
    const { items } = await api.get(PATH);
    find("devices").replaceChildren(...(items.length ? items.map(row) : [h("li", { class: "muted" }, t("devices.none"))]));
  }

  find("devices-heading").tabIndex = -1;
  find("push-on").addEventListener("click", ({ currentTarget }) => void attempt(() => busy(currentTarget, () => push.enable())));
  find("push-off").addEventListener("click", ({ currentTarget }) => void attempt(() => busy(currentTarget, () => push.disable())));
  push.addEventListener("change", ({ detail }) => void attempt(async () => detail));
  await attempt(() => push.look());
}
