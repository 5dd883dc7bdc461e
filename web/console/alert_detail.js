// One alert: what happened, why we believe it, who did what, and what can be done now.
import { useEffect, useRef, useState } from "preact/hooks";
import { acknowledge, alertById, canAcknowledge, canResolve, resolve, why, resolving, sentence } from "./alerts.js";
import { get } from "./api.js";
import { wholeAlert } from "./evidence.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { flyTo } from "./map.js";
import { askNear } from "./near.js";
import { mayEdit, select, siteId } from "./store.js";
import { isLive, viewTimeCoarse, visit } from "./moment.js";
import { Failed, Loading } from "./states.js";
import { ago, at, far, nearestPatrols, old, zone } from "./words.js";
import { ageS, iconOf } from "./subjects.js";
import { tailS } from "./tracks.js";
import { written } from "./readout.js";
import { Why } from "./why.js";
import { Icon, Shape } from "../icons.js";

const HUB = "rosette"; // what the hub did itself is nobody's deed
const OUTCOMES = ["went_back", "patrol_sent", "driven_off", "owner_told", "false_alarm", "exercise"];

function ResolveForm({ alert }) {
  const [outcome, setOutcome] = useState("");
  const [note, setNote] = useState("");
  const [sending, setSending] = useState(false);
  const first = useRef(null);
  useEffect(() => first.current?.focus(), []);
  const said = outcome === "other" ? note.trim() : outcome;
  const submit = async (happening) => {
    happening.preventDefault();
    setSending(true);
    if (await resolve(alert, said)) resolving.value = false;
    else setSending(false);
  };
  return html`<form class="resolve" onSubmit=${submit}>
    <fieldset><legend>${t("resolve.how")}</legend>
      ${[...OUTCOMES, "other"].map((code, index) => html`<label class="choice">
        <input ref=${index ? null : first} type="radio" name="outcome" checked=${outcome === code} onChange=${() => setOutcome(code)} />${t(`outcome.${code}`)}</label>`)}
    </fieldset>
    ${outcome === "other" && html`<label class="field"><span>${t("resolve.words")}</span><input value=${note} maxlength="300" onInput=${(typed) => setNote(typed.target.value)} /></label>`}
    <div class="actions"><button class="primary" disabled=${!said || sending}>${t("resolve.do")}</button>
      <button type="button" onClick=${() => (resolving.value = false)}>${t("cancel")}</button></div>
  </form>`;
}

const Near = ({ alert }) => html`<button onClick=${() => askNear({ alert: alert.id })}><${Icon} name="near" size=${16} />${t("near.ask")}<kbd>W</kbd></button>`;

function Actions({ alert }) {
  const happened = Date.parse(alert.occurred_at);
  const show = () => {
    visit(happened, 7 * 86_400);
    flyTo(alert);
  };
  const moment = html`<button onClick=${show}><${Icon} name="play" size=${16} />${t("past.visit")}</button>`;
  if (!isLive.value) return html`<p class="hint">${t("past.no_actions")}</p><div class="actions">${Math.abs(viewTimeCoarse.value - happened) > 1000 && moment}<${Near} alert=${alert} /></div>`;
  return html`<div class="actions">
    ${mayEdit.value && canAcknowledge(alert) && html`<button class="primary" onClick=${() => acknowledge(alert)}>${t("acknowledge")}<kbd>A</kbd></button>`}
    ${mayEdit.value && canResolve(alert) && html`<button onClick=${() => (resolving.value = true)}>${t("resolve")}<kbd>R</kbd></button>`}
    <button onClick=${() => flyTo(alert)}><${Icon} name="target" size=${16} />${t("fly")}<kbd>F</kbd></button>
    <${Near} alert=${alert} />
    ${viewTimeCoarse.value - happened > tailS() * 1000 && moment}
  </div>`;
}

function Patrols({ alert }) {
  const near = nearestPatrols(alert);
  return html`<h3>${t("patrol.title")}</h3>
    ${near.length ? html`<ul class="rows">${near.map(({ item, metres }) => html`<li key=${item.id}>
        <button class="row" onClick=${() => select("subject", item.id)}><${Icon} name=${iconOf(item)} size=${16} /><span class="row-name">${item.name}</span>
          <span class="row-figure">${far(metres)}</span><span class="muted row-age">${old(ageS(item, viewTimeCoarse.value))}</span></button></li>`)}</ul>`
    : html`<p class="muted">${t("patrol.none")}</p>`}`;
}

function Timeline({ history }) {
  return html`<h3>${t("history.title")}</h3><ol class="timeline">${history.map((step, index) => html`<li key=${index}>
    <time datetime=${step.at}>${at(step.at)}</time><span>${word("history", step.what)}${step.who && step.who !== HUB ? ` · ${step.who}` : ""}
      ${step.note && html`<span class="muted"> — ${step.what === "resolved" ? word("outcome", step.note) : step.note}</span>`}</span></li>`)}</ol>`;
}

export function AlertDetail({ id }) {
  const known = alertById(id);
  const version = known?.version ?? 0;
  const whole = wholeAlert.value;
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    const abort = new AbortController();
    setProblem(null);
    get(`/sites/${siteId.peek()}/alerts/${id}`, abort.signal).then((found) => (wholeAlert.value = found)).catch((failure) => failure.name !== "AbortError" && setProblem(failure));
    return () => abort.abort();
  }, [id, version]);
  const alert = known ?? (whole?.id === id ? whole : null);
  if (!alert) return problem ? html`<${Failed} problem=${problem} />` : html`<${Loading} />`;
  const full = whole?.id === id ? whole : null;
  return html`<article class="detail">
    <header class="detail-head" data-alert=${alert.id}>
      <${Shape} severity=${alert.severity} size=${28} />
      <div><p class="detail-kind">${word("severity", alert.severity)} · ${word("state", alert.state)}</p><h2>${sentence(alert)}</h2></div>
    </header>
    ${alert.state === "retracted" && html`<p class="callout">${t("retracted.why", { cause: why(alert) })}</p>`}
    ${alert.laterRetracted && html`<p class="callout">${t("retracted.later")}</p>`}
    ${alert.corrects && html`<p class="callout">${t("corrects.long", { cause: why(alert) })} <button class="linklike" onClick=${() => select("alert", alert.corrects)}>${t("corrects.show")}</button></p>`}
    ${alert.corrected_by && html`<p class="callout">${t("corrected.long")} <button class="linklike" onClick=${() => select("alert", alert.corrected_by)}>${t("corrected.show")}</button></p>`}
    <dl class="facts">
      <dt>${t("fact.when")}</dt><dd><time datetime=${alert.occurred_at}>${at(alert.occurred_at)}</time> ${zone(alert.occurred_at)} · ${ago(alert.occurred_at)}</dd>
      <dt>${t("fact.who")}</dt><dd><button class="linklike" onClick=${() => select("subject", alert.subject.id)}>${alert.subject_name}</button></dd>
      ${alert.fence && html`<dt>${t("fact.fence")}</dt><dd><button class="linklike" onClick=${() => select("fence", alert.fence)}>${alert.fence_name}</button></dd>`}
      <dt>${t("fact.where")}</dt><dd class="figures">${written(alert.longitude, alert.latitude)}</dd>
      ${alert.acknowledged_at && html`<dt>${t("fact.taken")}</dt><dd>${alert.acknowledged_by} · ${at(alert.acknowledged_at)}</dd>`}
      ${alert.resolved_at && html`<dt>${t("fact.closed")}</dt><dd>${alert.resolved_by} · ${at(alert.resolved_at)}${alert.outcome ? ` · ${word("outcome", alert.outcome)}` : ""}</dd>`}
    </dl>
    ${resolving.value && canResolve(alert) ? html`<${ResolveForm} key=${alert.id} alert=${alert} />` : html`<${Actions} alert=${alert} />`}
    <${Patrols} alert=${alert} />
    ${problem ? html`<${Failed} problem=${problem} />` : full ? html`<${Why} alert=${{ ...full, ...alert }} /><${Timeline} history=${full.history} />` : html`<${Loading} />`}
  </article>`;
}
