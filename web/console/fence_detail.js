// One fence as it is watched: what raises an alert, how sure, when, and what it raised.
import { alerts, sentence } from "./alerts.js";
import { crossings } from "./crossings.js";
import { edit } from "./draft.js";
import { fences } from "./fences.js";
import { RuleFacts, shapeText, sleepText } from "./fence_words.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { flyTo, showExtent } from "./map.js";
import { isLive, visit } from "./moment.js";
import { isArea } from "./shape.js";
import { mayEdit, select } from "./store.js";
import { Empty, Loading } from "./states.js";
import { at } from "./words.js";
import { Icon, Shape } from "../icons.js";

const SHOWN = 30;

function Crossings() {
  const found = crossings.value;
  const go = (one) => {
    visit(Date.parse(one.crossed_at), 7 * 86_400);
    flyTo(one);
  };
  return html`<h3>${t("crossings.title")}${found?.length > 0 && html` <span class="muted">${found.length}</span>`}</h3>
    ${found === null ? html`<${Loading} />` : found.length ? html`<ul class="rows">${found.slice(0, SHOWN).map((one) => html`<li key=${one.id}><button class="row" onClick=${() => go(one)}>
      <span class="row-name">${one.subject_name} <span class="muted">${t(`trigger.${one.kind}`)}</span></span><time class="muted row-figure" datetime=${one.crossed_at}>${at(one.crossed_at)}</time></button></li>`)}</ul>`
    : html`<p class="muted">${t("crossings.none")}</p>`}`;
}

export function FenceDetail({ id }) {
  const fence = fences.value.find((one) => one.id === id);
  if (!fence) return html`<${Empty} title=${t("fence.gone")}>${t("fence.gone_more")}<//>`;
  const own = [...alerts.value.values()].filter((alert) => alert.fence === id);
  const sleeping = sleepText(fence);
  return html`<article class="detail">
    <header class="detail-head"><${Shape} severity=${fence.severity} size=${28} /><div><p class="detail-kind">${t(isArea(fence.geometry) ? "kind.fence" : "shape.is_line")} · ${word("severity", fence.severity)}</p><h2>${fence.name}</h2></div></header>
    ${sleeping && html`<p class="callout"><${Icon} name="moon" size=${16} /> ${sleeping}</p>`}
    <dl class="facts"><${RuleFacts} fence=${fence} />
      <dt>${t("fence.size")}</dt><dd class="figures">${shapeText(fence.geometry)}</dd>
      <dt>${t("fence.version")}</dt><dd>${fence.version}${fence.recorded_at ? ` · ${at(fence.recorded_at)}` : ""}</dd>
    </dl>
    <div class="actions"><button onClick=${() => showExtent(fence.geometry)}><${Icon} name="target" size=${16} />${t("fly")}</button>
      ${mayEdit.value && isLive.value && html`<button onClick=${() => edit(fence)}><${Icon} name="draw" size=${16} />${t("fence.edit")}</button>`}</div>
    <h3>${t("alerts.title")}</h3>
    ${own.length ? html`<ul class="rows">${own.map((alert) => html`<li key=${alert.id}><button class="row" onClick=${() => select("alert", alert.id)}>
      <${Shape} severity=${alert.severity} size=${16} /><span class="row-name">${sentence(alert)}</span><span class="muted row-figure">${at(alert.occurred_at)}</span></button></li>`)}</ul>`
    : html`<p class="muted">${t("fence.quiet")}</p>`}
    <${Crossings} />
  </article>`;
}
