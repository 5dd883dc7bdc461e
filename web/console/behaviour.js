// What an animal does of itself: it lies still, hardly moves, met another, or does not wear this collar; and why.
import { useEffect, useState } from "preact/hooks";
import { get } from "./api.js";
import { Bar } from "./bar.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { flyTo } from "./map.js";
import { viewTimeCoarse } from "./moment.js";
import { select, siteId } from "./store.js";
import { Failed } from "./states.js";
import { at, far, old, percent } from "./words.js";

export const BEHAVIOURS = ["immobility", "low_speed", "encounter", "wrong_deployment"];
const DAYS = 30;
const MOST = 6;
const SHOWN = 0.03; // a cause that is less probable is not worth a line
const MOST_REASONS = 4;
const TELLING = Math.log(1.5); // 3 : 2

/** "mortality alarm 40 : 1 for · stays so long 3 : 1 against". */
function reasons(found) {
  return Object.entries(found)
    .filter(([, value]) => Math.abs(value) > TELLING)
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
    .slice(0, MOST_REASONS)
    .map(([name, value]) => t(value > 0 ? "reason.for" : "reason.against", { what: t(`sign.${name}`), ratio: Math.round(Math.exp(Math.min(Math.abs(value), Math.log(1000)))) }))
    .join(" · ");
}

export function Causes({ causes }) {
  return html`<ul class="rows candidates">${causes.filter((one) => one.p >= SHOWN).map((one) => html`<li key=${one.cause} class="row candidate">
    <${Bar} share=${one.p}>${t(`lies.${one.cause}`)} <span class="muted">${percent(one.p)}</span><//>
    <span class="muted candidate-why">${reasons(one.reasons)}</span></li>`)}</ul>`;
}

/** What speaks for a finding, below the sentence that tells it. */
export function Explained({ kind, detail, probability }) {
  if (kind === "immobility" && detail.causes) return html`<p>${t("lies.fixes", { n: detail.fixes, distance: far(detail.radius_m), span: old(detail.lasted_s) })}</p><${Causes} causes=${detail.causes} />`;
  if (kind === "low_speed" && detail.usual_m) return html`<p>${t("slow.why", { reach: far(detail.reach_m), usual: far(detail.usual_m), n: detail.windows })}</p>`;
  if (kind === "wrong_deployment" && detail.device) return html`<${Bar} share=${probability}>${t("collar.wrong", { chance: percent(probability) })}<//>
    <p>${t("collar.why", { device: detail.device, n: detail.sightings, fixes: detail.fixes })}</p>`;
  if (kind === "encounter" && detail.night !== undefined) return html`<${Bar} share=${probability}>${t("met.chance", { chance: percent(probability), distance: far(detail.distance_m) })}<//>
    <p>${t("met.why", { span: old(detail.expected_s) })}</p>`;
  return null;
}

function sentence(finding, id) {
  const { kind, detail } = finding;
  const since = at(finding.observed_from);
  if (kind === "encounter") return t("met.with", { name: finding.other === id ? finding.subject_name : finding.other_name, at: at(finding.crossed_at) });
  if (kind === "wrong_deployment") return t("collar.since", { device: detail.device, since });
  const until = detail.until;
  return t(`does.${kind}_${until ? "was" : "is"}`, { since, until: until && at(until) });
}

/** What an individual did in the last weeks, newest first; what goes on is explained at once. */
export function Behaviour({ id }) {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  const hour = Math.floor(viewTimeCoarse.value / 3_600_000);
  useEffect(() => {
    const abort = new AbortController();
    const until = new Date((hour + 1) * 3_600_000);
    const since = new Date(until - DAYS * 86_400_000);
    setProblem(null);
    get(`/sites/${siteId.peek()}/findings?${new URLSearchParams({ subject: id, from: since.toISOString(), to: until.toISOString(), limit: 1000 })}`, abort.signal)
      .then(({ items }) => setFound(items.filter((one) => BEHAVIOURS.includes(one.kind) && !one.generalised).reverse()))
      .catch((failure) => failure.name !== "AbortError" && setProblem(failure));
    return () => abort.abort();
  }, [id, hour]);
  if (problem) return html`<h3>${t("behaviour.title")}</h3><${Failed} problem=${problem} />`;
  if (!found?.length) return null;
  return html`<section class="behaviour" aria-label=${t("behaviour.title")}><h3>${t("behaviour.title")}</h3>
    <ul class="rows">${found.slice(0, MOST).map((one, index) => html`<li key=${one.id}>
      <button class="row" onClick=${() => flyTo(one)}><span class="row-name">${sentence(one, id)}</span>${one.kind === "immobility" && html`<span class="muted row-figure">${t(`lies.${one.detail.causes[0].cause}`)} ${percent(one.detail.causes[0].p)}</span>`}</button>
      ${(one.detail.is_open || index === 0) && html`<${Explained} kind=${one.kind} detail=${one.detail} probability=${one.probability} />`}
      ${one.kind === "encounter" && html`<button class="linklike" onClick=${() => select("subject", one.other === id ? one.subject.id : one.other)}>${t("met.show")}</button>`}</li>`)}</ul></section>`;
}
