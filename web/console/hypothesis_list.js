// What may lie behind it, above the sightings in doubt: each with how probable it is.
import { Bar } from "./bar.js";
import { askHypotheses, hypotheses, hypothesesProblem, supposed } from "./hypotheses.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { Failed } from "./states.js";
import { select, selection } from "./store.js";
import { at, percent } from "./words.js";

const Row = ({ one, more, chosen }) => html`<button class=${`row ${one.id === chosen ? "row-chosen" : ""}`} data-hypothesis=${one.id} aria-current=${one.id === chosen ? "true" : null} onClick=${() => select("hypothesis", one.id)}>
  <span class="row-name">${supposed(one)}<span class="row-facts">${more ?? html`<${Bar} share=${one.probability}>${percent(one.probability)} · <time datetime=${one.since}>${at(one.since)}</time><//>`}</span></span></button>`;

export function HypothesisList() {
  const found = hypotheses.value;
  const chosen = selection.value?.type === "hypothesis" ? selection.value.id : null;
  if (hypothesesProblem.value && !found) return html`<${Failed} problem=${hypothesesProblem.value} again=${askHypotheses} />`;
  if (!found?.items.length && !found?.decided.length) return null;
  const held = found.decided.filter((one) => one.withdrawn_at === null);
  return html`<section aria-label=${t("supposed.title")}><h2 class="queue-heading">${t("supposed.title")}</h2>
    ${found.items.length ? html`<ul class="rows fence-rows">${found.items.map((one) => html`<li key=${one.id}><${Row} one=${one} chosen=${chosen} /></li>`)}</ul>` : html`<p class="muted queue-note">${t("supposed.none")}</p>`}
    ${held.length > 0 && html`<details class="queue-note"><summary>${t("supposed.decided", { n: held.length })}</summary><ul class="rows fence-rows">${held.map((one) => html`<li key=${one.id}>
      <${Row} one=${one.hypothesis} chosen=${chosen} more=${`${t(`supposed.${one.verdict}`)} · ${one.decided_by} · ${at(one.decided_at)}`} /></li>`)}</ul></details>`}
    <h2 class="queue-heading">${t("review.sightings")}</h2></section>`;
}
