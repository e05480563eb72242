/** The preferences: puts the parts together. */

import { shell } from "../pages/shell.js";
import { explain, lang, name, t } from "../pages/words.js";
import { h } from "/bell/dom.js";
import { confirmed } from "../pages/dialogs.js";
import { changes } from "./changes.js";
import { devices } from "./devices.js";
import { diagnosis } from "./diagnosis.js";
import { digestForm } from "./digest-form.js";
import { Draft } from "./draft.js";
import { learn, withoutChoices } from "./levels.js";
import { Matrix } from "./matrix.js";
import { quietForm } from "./quiet-form.js";
import { stops } from "./stops.js";

const FIELDS = ["start", "end", "days", "timezone", "at", "weekday"];
/** Where it is said what is wrong with a part as a whole. */
const SAID_AT = { quiet_hours: "end", digest: "at" };

/** How long a log-out waits for what is being saved, in ms. */
const PATIENCE = 3_000;

const find = (id) => document.getElementById(id);

/** What is wrong with a field: as the server says it, in Hindi as we know it. */
function refusal(field, detail) {
  const known = t(`refused.${field}`);
  return lang === "en" || known === `refused.${field}` ? detail.charAt(0).toUpperCase() + detail.slice(1) : known;
}

function drawRefusals(error) {
  const said = new Map([...(error?.fields ?? [])].map(([field, detail]) => [SAID_AT[field] ?? field, refusal(field, detail)]));
  for (const field of FIELDS) {
    find(`${field}-error`).textContent = said.get(field) ?? "";
    find(field).setAttribute("aria-invalid", String(said.has(field)));
    said.delete(field);
  }
  find("matrix-error").textContent = [...said.values()].join(" ");
}

function drawSaving(draft) {
  const words = { saved: draft.hasSaved ? t("saved") : t("saves"), pending: t("saving"), saving: t("saving"), failed: "" };
  find("saving").dataset.state = draft.state;
  const text = draft.state === "failed" ? t("not_saved", { why: explain(draft.error) }) : words[draft.state];
  if (find("saving").textContent !== text) find("saving").textContent = text;
  find("save").hidden = draft.state !== "failed";
}

function channelChoice(matrix) {
  const choice = (channel, n) => {
    const radio = h("input", { type: "radio", name: "channel", value: channel, checked: n === 0 });
    radio.addEventListener("change", () => matrix.choose(channel));
    return h("label", {}, radio, h("span", {}, name("channel", channel)));
  };
  find("channels").replaceChildren(...matrix.channels.map(choice));
  matrix.choose(matrix.channels[0]);
}

/** What the server knows of the reader, or nothing. */
async function reader(api) {
  return (await api.get("/v1/me").catch(() => null)) ?? {};
}

/** Leads the focus to what stays when the part that has it goes. */
function moveFocus(id) {
  find(id).tabIndex = -1;
  find(id).focus();
}

/** What is not saved is lost by a log-out: then the reader is asked. */
async function mayLeave(draft) {
  await Promise.race([draft.save(), new Promise((late) => setTimeout(late, PATIENCE))]);
  return draft.state === "saved" || confirmed({ heading: t("leave.title"), text: t("leave.text"), yes: t("logout") });
}

await shell("preferences", async (ours) => {
  const { api, me, bell } = ours;
  const draft = new Draft(api, me);
  ours.mayLeave = () => mayLeave(draft);
  let zone = null;
  let catalogue = [];
  let matrix = null;
  let isReady = false;

  async function start() {
    find("alert").hidden = true;
    try {
      const [{ items, channels }, { timezone, channels: on }] = await Promise.all([api.get("/v1/catalogue"), reader(api), draft.load()]);
      learn(channels);
      zone = timezone ?? null;
      catalogue = items;
      matrix = new Matrix(find("matrix"), draft, items, (channel) => on?.includes(channel) ?? true);
      const parts = [() => matrix.draw(), quietForm(find, draft, () => zone), digestForm(find, draft)];
      draft.addEventListener("change", () => draw(parts));
      channelChoice(matrix);
      draw(parts);
      await stops(find, api, items);
      find("all").hidden = false;
      isReady = true;
      if (location.hash) matrix.reveal(location.hash.slice(1));
    } catch (error) {
      find("alert").querySelector("span").textContent = `${t("failed")} ${explain(error)}`;
      find("alert").hidden = false;
      return;
    }
    diagnosis(find, api, { me, draft, notices: catalogue, home: () => zone });
    await devices(find, api, ours.push);
  }

  function draw(parts) {
    for (const part of parts) part();
    find("reset").hidden = !changes(withoutChoices(draft.value, matrix.channels), draft.value).length;
    drawRefusals(draft.error);
    drawSaving(draft);
  }

  find("reset").addEventListener("click", async () => {
    const words = { heading: t("matrix.reset"), text: t("matrix.reset.text"), yes: t("matrix.reset.yes") };
    if (!(await confirmed(words))) return;
    draft.change(withoutChoices(draft.value, matrix.channels));
    moveFocus("matrix-heading");
  });
  find("save").addEventListener("click", () => {
    moveFocus("saving");
    void draft.save();
  });
  find("alert").querySelector("button").addEventListener("click", () => {
    moveFocus("heading");
    void start();
  });
  document.addEventListener("visibilitychange", () => isReady && !document.hidden && void draft.refresh());
  bell.addEventListener("connection", ({ detail: { state } }) => {
    if (state !== "live") return;
    if (!isReady && !find("alert").hidden) void start();
    // What could not be sent is sent now; what was refused is for the reader.
    else if (draft.state === "failed" && !draft.error.fields.size) void draft.save();
  });
  await start();
});
