// The incident queue: gravest first; what arrives waits behind a bar and never moves a card under the pointer.
import { useEffect, useRef } from "preact/hooks";
import { alerts, alertsKnown, alertsProblem, cards, heldCount, heldGravest, loadAlerts, queue, sentence, settle, why } from "./alerts.js";
import { grouped, inOrder, isOpen } from "./queue.js";
import { isPossible } from "./evidence.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { isLive } from "./moment.js";
import { select, selection, site } from "./store.js";
import { ago, at, chance, far, nearestPatrols } from "./words.js";
import { Empty, Failed, Loading } from "./states.js";
import { Icon, Shape } from "../icons.js";

function AlertCard({ card, chosen }) {
  const [alert] = card;
  const chances = card.map((one) => one.detail?.probability ?? (isPossible(one) ? one.detail?.p : null)).filter((one) => typeof one === "number");
  const element = useRef(null);
  useEffect(() => {
    if (chosen) element.current.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const [patrol] = nearestPatrols(alert, 1);
  const closed = !isOpen(alert);
  return html`<li ref=${element} data-alert=${alert.id} class=${`card card-${alert.severity} ${chosen ? "card-chosen" : ""} ${closed ? "card-closed" : ""} card-${alert.state}`}>
    <button class="card-face" aria-current=${chosen ? "true" : null} onClick=${() => select("alert", alert.id)}>
      <span class="card-top">
        <${Shape} severity=${alert.severity} size=${18} />
        <span class="card-severity">${word("severity", alert.severity)}</span>
        <span class="card-state">${alert.state === "new" ? "" : word("state", alert.state)}</span>
        <time class="card-time" datetime=${alert.occurred_at}>${at(alert.occurred_at)}</time>
      </span>
      <span class="card-what">${sentence(alert)}</span>
      <span class="card-more">
        <span>${ago(alert.occurred_at)}</span>
        ${chances.length > 0 && html`<span>${chance(Math.max(...chances))}</span>`}
        ${card.length > 1 && html`<span>${t("queue.times", { n: card.length })}</span>`}
        ${patrol && html`<span class="card-patrol"><${Icon} name="patrol" size=${14} />${t("patrol.near", { distance: far(patrol.metres), name: patrol.item.name })}</span>`}
      </span>
      ${alert.state === "acknowledged" && html`<span class="card-who">${t("taken.by", { who: alert.acknowledged_by ?? "", at: at(alert.acknowledged_at) })}</span>`}
      ${alert.state === "resolved" && html`<span class="card-who">${t("closed.by", { who: alert.resolved_by ?? "", at: at(alert.resolved_at) })}</span>`}
      ${alert.state === "retracted" && html`<span class="card-who">${t("retracted.why", { cause: why(alert) })}</span>`}
      ${alert.laterRetracted && html`<span class="card-who">${t("retracted.later")}</span>`}
      ${alert.corrects && html`<span class="card-who">${t("corrects.short")}</span>`}
    </button>
  </li>`;
}

function NewBar() {
  const count = heldCount.value;
  if (!count) return null;
  return html`<button class=${`new-bar new-bar-${heldGravest.value}`} onClick=${settle}>
    <${Shape} severity=${heldGravest.value} size=${18} />
    <span>${t("queue.new", { n: count })}</span><span class="new-bar-worst">${word("severity", heldGravest.value)}</span><kbd>N</kbd>
  </button>`;
}

export function AlertQueue() {
  const items = cards.value;
  const chosen = selection.value?.type === "alert" ? selection.value.id : null;
  const body = !alertsKnown.value && alertsProblem.value ? html`<${Failed} problem=${alertsProblem.value} again=${loadAlerts} />`
    : !alertsKnown.value ? html`<${Loading} />`
    : !items.length ? html`<${Empty} title=${t(isLive.value ? "queue.empty" : "queue.empty_then")}>${isLive.value && t("queue.empty_more", { site: site.value.name })}<//>`
    : html`<ol class="cards">${items.map((card) => html`<${AlertCard} key=${card[0].id} card=${card} chosen=${card.some(({ id }) => id === chosen)} />`)}</ol>`;
  return html`<section class="queue" aria-label=${t("queue.title")}><${NewBar} /><div class="scroll">${body}</div></section>`;
}

/** How many cards nobody has taken, at the moment on screen. */
export const waitingCount = () => grouped((isLive.value ? inOrder([...alerts.value.values()]) : queue.value).filter((alert) => alert.state === "new")).length;
