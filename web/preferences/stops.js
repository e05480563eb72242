/** The mails that are not sent any more, and the way back; nothing where nothing is stopped. */

import { h } from "/bell/dom.js";
import { busy } from "/static/desk/api.js";
import { notice } from "../pages/notice.js";
import { day } from "../pages/time.js";
import { explain, name, t } from "../pages/words.js";

const PATH = "/v1/me/mail";
const ALL = "*";

/** What a scope is about: a category, or a type within one. */
function about(scope, notices) {
  const type = notices.find((one) => one.type === scope);
  return type ? `${name("category", type.category)} · ${name("type", scope)}` : name("category", scope);
}

function words({ scope, reason, since, detail }, address, notices) {
  const values = { address, day: day(since) };
  if (reason === "bounced") {
    const what = detail === "complaint" ? "stops.complaint" : "stops.bounced";
    return { heading: t(what, values), text: t("stops.bounced.text", values), undo: t("stops.try") };
  }
  const heading = scope === ALL ? t("stops.all") : t("stops.some", { what: about(scope, notices) });
  return { heading, text: t("stops.asked", values), undo: t("stops.again") };
}

/** @param {(id: string) => HTMLElement} find @param {Api} api @param {{type: string, category: string}[]} notices */
export function stops(find, api, notices) {
  let drawn = "";

  function row(stopped, address) {
    const { heading, text, undo } = words(stopped, address, notices);
    const button = h("button", { type: "button", "aria-label": `${undo}: ${heading}` }, undo);
    button.addEventListener("click", () => void busy(button, () => resume(stopped.scope)));
    return h("li", {}, h("div", {}, h("strong", {}, heading), h("span", { class: "muted small" }, text)), button);
  }

  async function resume(scope) {
    try {
      await api.delete(`${PATH}/stopped/${encodeURIComponent(scope)}`);
      notice(t("stops.done"));
    } catch (error) {
      // On another device it was taken back already.
      if (error.status !== 404) return notice(explain(error), { bad: true });
    }
    await look();
    find(find("stops").hidden ? "heading" : "stops-heading").focus();
  }

  async function look() {
    const { address, stopped } = await api.get(PATH).catch(() => ({ stopped: null }));
    if (!stopped) return;
    const now = JSON.stringify([address, stopped]);
    // Whoever comes back to the page still has the focus where it was.
    if (now === drawn) return;
    drawn = now;
    find("stopped").replaceChildren(...stopped.map((one) => row(one, address)));
    find("stops").hidden = !stopped.length;
  }

  find("heading").tabIndex = -1;
  document.addEventListener("visibilitychange", () => !document.hidden && void look());
  return look();
}
