// The right column while nothing is selected: how many alerts wait, who is out there, what has fallen silent.
import { alerts, queue } from "./alerts.js";
import { grouped, inOrder } from "./queue.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { isLive, viewTimeCoarse } from "./moment.js";
import { select } from "./store.js";
import { ageS, iconOf, shown, subjectsKnown, subjectsSlow } from "./subjects.js";
import { Loading } from "./states.js";
import { old } from "./words.js";
import { Icon } from "../icons.js";

const byName = (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true });

function Row({ item, quiet }) {
  return html`<li><button class="row" onClick=${() => select("subject", item.id)}><${Icon} name=${iconOf(item)} size=${16} />
    <span class="row-name">${item.name}</span>${item.state === "silent" && !quiet && html`<span class="muted">${t("state.silent")}</span>`}
    <span class="muted row-age">${item.observed_at ? old(ageS(item, viewTimeCoarse.value)) : t("situation.never")}</span></button></li>`;
}

export function Situation() {
  subjectsSlow.value;
  if (!subjectsKnown.value) return html`<${Loading} />`;
  const items = [...shown().values()];
  const patrols = items.filter((item) => item.kind === "person" || item.kind === "vehicle").sort(byName);
  const silent = items.filter((item) => item.state === "silent" && item.device && !patrols.includes(item)).sort(byName);
  const open = isLive.value ? inOrder([...alerts.value.values()]) : queue.value;
  const count = (state) => grouped(open.filter((alert) => alert.state === state)).length;
  return html`<article class="detail situation">
    <h2>${t(isLive.value ? "situation.title" : "situation.then")}</h2>
    <p class="muted">${t("situation.alerts", { waiting: count("new"), taken: count("acknowledged") })}</p>
    <h3>${t("situation.patrols")}</h3>
    ${patrols.length ? html`<ul class="rows">${patrols.map((item) => html`<${Row} key=${item.id} item=${item} />`)}</ul>` : html`<p class="muted">${t("patrol.none")}</p>`}
    <h3>${t("situation.silent")}</h3>
    ${silent.length ? html`<ul class="rows">${silent.map((item) => html`<${Row} key=${item.id} item=${item} quiet />`)}</ul>` : html`<p class="muted">${t("situation.all_heard")}</p>`}
    <p class="hint">${t("detail.empty_more")}</p>
  </article>`;
}
