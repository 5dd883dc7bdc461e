// Why an alert was raised: how sure, between when and when, by which fixes, and which rule asked for it.
import { noticed } from "./alerts.js";
import { Bar } from "./bar.js";
import { BEHAVIOURS, Explained } from "./behaviour.js";
import { isPossible } from "./evidence.js";
import { fences } from "./fences.js";
import { RuleFacts } from "./fence_words.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { flyTo, showExtent } from "./map.js";
import { written } from "./readout.js";
import { select } from "./store.js";
import { at, atSecond, chance, far, percent, zone } from "./words.js";
import { Icon } from "../icons.js";

const because = (cause) => word("because", cause.replaceAll(" ", "_"));

/** What the probability had to reach: of one look, or of several together. */
function asked(thresholds = {}) {
  if (thresholds.sure) return t("why.asked_together", { one: percent(thresholds.begin), all: percent(thresholds.sure) });
  return thresholds.p ? t("why.asked", { chance: percent(thresholds.p) }) : "";
}

function HowSure({ alert, finding }) {
  const named = noticed(alert);
  if (named) return html`<${Bar} share=${finding.probability}>${t("evidence.says", { who: alert.subject_name, what: named, chance: chance(finding.probability) })}<//>`;
  return html`<${Bar} share=${finding.probability} possible=${isPossible(alert)}>${t(`why.${isPossible(alert) ? "possible" : "sure"}`, { chance: percent(finding.probability) })}<//>`;
}

/** "Between 03:10 and 03:40 GMT+10, most likely at 03:22": the day is said where it is another one. */
function Interval({ finding }) {
  const [from, to] = [Date.parse(finding.earliest_at), Date.parse(finding.latest_at)];
  if (to - from < 2000) return html`<dd>${at(finding.crossed_at)} ${zone(finding.crossed_at)}</dd>`;
  const share = (Date.parse(finding.crossed_at) - from) / (to - from);
  return html`<dd>${t("why.between", { from: at(from), to: at(to), best: atSecond(finding.crossed_at) })}
    <svg class="span" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><path d="M0 4H100" /><path d="M0 1v6M100 1v6" /><path class="span-best" d=${`M${share * 100} 0v8`} /></svg></dd>`;
}

function Fix({ fix, number, decided }) {
  const { semi_major_m: major, semi_minor_m: minor } = fix.ellipse;
  const error = major > minor * 1.1 ? `${far(major)} × ${far(minor)}` : far(major);
  return html`<li><button class="row fix" onClick=${() => flyTo(fix)}>
    <span class="fix-number">${number}</span>
    <span class="row-name"><time class="strong" datetime=${fix.observed_at}>${at(fix.observed_at)}</time> <span class="muted figures">± ${error}</span>
      <span class="fix-place figures muted">${written(fix.longitude, fix.latitude)}${decided ? ` · ${t("why.decided")}` : ""}</span></span></button></li>`;
}

function Fixes({ alert, finding }) {
  const { fixes } = alert;
  if (!fixes.length) return html`<p class="hint">${finding.generalised ? t("why.hidden") : t("evidence.count", { n: finding.evidence.length })}</p>`;
  const extent = { type: "MultiPoint", coordinates: [...fixes.map((fix) => [fix.longitude, fix.latitude]), [alert.longitude, alert.latitude]] };
  return html`<div class="subhead"><h4>${t(alert.kind === "present" ? "evidence.count" : "why.fixes", { n: fixes.length })}</h4>${alert.kind !== "present" && html`<button class="linklike" onClick=${() => showExtent(extent)}>${t("why.show")}</button>`}</div>
    <ol class="rows">${fixes.map((fix, index) => html`<${Fix} key=${fix.id} fix=${fix} number=${index + 1} decided=${fixes.length > 1 && fix.observed_at === finding.decided_at} />`)}</ol>
    <p class="hint">${t("why.errors")}</p>`;
}

function Rule({ rule }) {
  const now = fences.value.find(({ id }) => id === rule.id);
  const said = !now ? t("why.rule_gone") : now.version > rule.version ? t("why.rule_changed", { version: now.version }) : null;
  return html`<h4>${t("why.rule")}</h4>
    <p><button class="linklike" onClick=${() => select("fence", rule.id)}>${rule.name}</button> <span class="muted">${t("why.version", { version: rule.version })}</span></p>
    ${said && html`<p class="hint">${said}</p>`}
    <dl class="facts"><${RuleFacts} fence=${rule} /></dl>`;
}

export function Why({ alert }) {
  const [finding] = alert.findings;
  if (!finding) return null;
  const why = alert.detail?.why;
  return html`<section class="why"><h3>${t("evidence.title")}</h3>
    ${BEHAVIOURS.includes(alert.kind) ? html`<${Explained} kind=${alert.kind} detail=${finding.detail} probability=${finding.probability} />` : html`<${HowSure} alert=${alert} finding=${finding} />`}
    ${isPossible(alert) && html`<p class="callout callout-possible"><${Icon} name="help" size=${16} /> ${t("why.unseen")}</p>`}
    ${why?.cause && html`<p>${because(why.cause)} ${asked(why.thresholds)}</p>`}
    <dl class="facts">${finding.observed_from !== finding.observed_to && html`<dt>${t("why.when")}</dt><${Interval} finding=${finding} />`}
      ${alert.detail?.left_at && html`<dt>${t("why.left")}</dt><dd>${at(alert.detail.left_at)}</dd>`}</dl>
    <${Fixes} alert=${alert} finding=${finding} />
    ${alert.rule && html`<${Rule} rule=${alert.rule} />`}
  </section>`;
}
