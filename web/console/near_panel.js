// The panel of what else was near, then: each with how far and how long before or after.
import { useEffect, useRef } from "preact/hooks";
import { detectionById, detectionIcon } from "./detections.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { flyTo } from "./map.js";
import { askAgain, asked, chosenItem, found, leaveNear, radiusM, windowS } from "./near.js";
import { asSubject, RADII_M, side, WINDOWS_S } from "./near_items.js";
import { written } from "./readout.js";
import { select } from "./store.js";
import { Empty, Failed, Loading } from "./states.js";
import { iconOf, shown } from "./subjects.js";
import { at, far, old, sure, zone } from "./words.js";
import { Icon } from "../icons.js";

const seen = (item) => item.kind === "detection" || item.kind === "sighting";

function title(item) {
  if (seen(item)) return item.individual ?? item.scientific_name ?? word("label", item.label);
  return item.generalised ? t("near.withheld") : item.name;
}

const reading = (item) => [word("quantity", item.quantity), item.value, item.unit].filter((part) => part !== null && part !== "").join(" ");

/** What it was, and by whom it is known. */
const about = (item) => [item.kind === "reading" ? reading(item) : t(`near.${item.kind}`), seen(item) && item.name, item.generalised && sure(item)].filter(Boolean).join(" · ");

const lag = (item) => (side(item.lag_s) === "then" ? t("near.then") : t(`near.${side(item.lag_s)}`, { age: old(Math.abs(item.lag_s)) }));

function Row({ item }) {
  const icon = seen(item) ? detectionIcon(item) : iconOf(asSubject(item));
  const show = () => {
    chosenItem.value = item.id;
    flyTo(item);
  };
  return html`<li class="near-item"><button class="row" aria-pressed=${chosenItem.value === item.id} onClick=${show}>
      <${Icon} name=${icon} size=${18} />
      <span class="row-name"><span class="near-name">${title(item)}</span><span class="muted near-about">${about(item)}</span></span>
      <span class="near-figures"><span class="row-figure">${item.generalised ? t("near.about", { distance: far(item.distance_m) }) : far(item.distance_m)}</span><time class="muted" datetime=${item.observed_at} title=${at(item.observed_at)}>${lag(item)}</time></span></button>
    ${seen(item) && !item.generalised && detectionById(item.id) && html`<button class="quiet" aria-label=${t("identity.ask")} title=${t("identity.ask")} onClick=${() => select("detection", item.id)}><${Icon} name="eye" size=${16} /></button>`}
    ${!seen(item) && item.subject && shown().has(item.subject) && html`<button class="quiet" aria-label=${t("near.open", { name: item.name })} title=${t("near.open", { name: item.name })} onClick=${() => select("subject", item.subject)}><${Icon} name="eye" size=${16} /></button>`}</li>`;
}

const Choice = ({ label, value, choices, text }) => html`<label class="field"><span>${label}</span>
  <select value=${value.value} onChange=${(pick) => (value.value = pick.target.value)}>${choices.map((one) => html`<option value=${one}>${text(one)}</option>`)}</select></label>`;

function Answer({ answer }) {
  if (!answer.items.length) return html`<${Empty} title=${t("near.empty")}>${t("near.empty_more")}<//>`;
  return html`<p class="muted near-count" role="status">${t("near.count", { n: answer.items.length })}</p>
    <ul class="rows">${answer.items.map((item) => html`<${Row} key=${item.id} item=${item} />`)}</ul>`;
}

export function NearPanel() {
  const heading = useRef(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [asked.value]);
  const { loading = true, answer = null, problem = null } = found.value ?? {};
  return html`<article class="detail near" aria-busy=${loading}>
    <header class="detail-head"><span class="badge"><${Icon} name="near" size=${20} /></span>
      <div><p class="detail-kind">${asked.value?.alert ? t("near.of_alert") : asked.value?.observation ? t("near.of_observation") : t("near.of_place")}</p>
        <h2 tabindex="-1" ref=${heading}>${t("near.title")}</h2></div></header>
    ${answer && html`<dl class="facts"><dt>${t("fact.when")}</dt><dd><time datetime=${answer.at}>${at(answer.at)}</time> ${zone(answer.at)}</dd>
      <dt>${t("fact.where")}</dt><dd class="figures">${written(answer.longitude, answer.latitude)}</dd></dl>`}
    <div class="near-choices"><${Choice} label=${t("near.radius")} value=${radiusM} choices=${RADII_M} text=${far} />
      <${Choice} label=${t("near.window")} value=${windowS} choices=${WINDOWS_S} text=${(seconds) => t("near.within", { age: old(seconds) })} /></div>
    ${asked.value?.from && html`<div class="actions"><button onClick=${leaveNear}><${Icon} name="back" size=${16} />${t("near.back")}</button></div>`}
    ${answer?.generalised && html`<p class="callout">${t("near.generalised")}</p>`}
    ${answer?.truncated && !loading && html`<p class="callout callout-warning">${t("near.truncated")}</p>`}
    ${problem ? html`<${Failed} problem=${problem} again=${askAgain} />` : loading ? html`<${Loading} />` : html`<${Answer} answer=${answer} />`}
  </article>`;
}
