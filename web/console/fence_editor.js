// One fence: what it watches, and the form to change that.
import { useEffect, useRef, useState } from "preact/hooks";
import { alerts, sentence } from "./alerts.js";
import { crossings } from "./crossings.js";
import { cancelDraft, corners, deleteFence, draft, edit, fences, saveDraft, TRIGGERS } from "./fences.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { flyTo, showExtent } from "./map.js";
import { isLive, visit } from "./moment.js";
import { problemText, tell } from "./notices.js";
import { SEVERITIES } from "./queue.js";
import { mayEdit, select } from "./store.js";
import { Empty, Loading } from "./states.js";
import { at } from "./words.js";
import { Icon, Shape } from "../icons.js";

const WATCHED = ["individual", "person", "vehicle", "device", "gunshot", "fire"];
const toggled = (values, value) => (values.includes(value) ? values.filter((one) => one !== value) : [...values, value]);
const complaints = (problem) => (problem.body?.errors ?? []).map((one) => (typeof one === "string" ? one : [one.field ?? one.pointer ?? one.loc, one.detail ?? one.message ?? one.msg].filter(Boolean).join(": ")));

export function FenceEditor() {
  const fence = draft.value;
  const [problem, setProblem] = useState(null);
  const [sending, setSending] = useState(false);
  const [sureToDelete, setSureToDelete] = useState(false);
  const name = useRef(null);
  const drawn = fence.geometry !== null;
  useEffect(() => {
    if (drawn) name.current?.focus();
  }, [drawn]);
  const set = (change) => (draft.value = { ...draft.value, ...change });
  const attempt = async (deed, done) => {
    setSending(true);
    setProblem(null);
    try {
      await deed();
      tell(done);
    } catch (failure) {
      setProblem(failure);
      setSending(false);
    }
  };
  const submit = (happening) => {
    happening.preventDefault();
    attempt(async () => select("fence", (await saveDraft()).id), t("fence.saved", { name: fence.name }));
  };
  return html`<form class="detail" onSubmit=${submit}>
    <header class="detail-head"><span class="badge"><${Icon} name="fence" /></span>
      <div><p class="detail-kind">${t(fence.version === null ? "fence.new" : "fence.edit")}</p><h2>${fence.name || t("fence.unnamed")}</h2></div></header>
    ${!drawn && html`<p class="callout">${t("fence.draw_first")}</p>`}
    <label class="field"><span>${t("fence.name")}</span><input ref=${name} required maxlength="200" value=${fence.name} onInput=${(typed) => set({ name: typed.target.value })} /></label>
    <fieldset><legend>${t("fence.severity")}</legend>${SEVERITIES.map((severity) => html`<label class="choice">
      <input type="radio" name="severity" checked=${fence.severity === severity} onChange=${() => set({ severity })} /><${Shape} severity=${severity} size=${16} />${t(`severity.${severity}`)}</label>`)}</fieldset>
    <fieldset><legend>${t("fence.triggers")}</legend>${TRIGGERS.map((trigger) => html`<label class="choice">
      <input type="checkbox" checked=${fence.triggers.includes(trigger)} onChange=${() => set({ triggers: toggled(fence.triggers, trigger) })} />${t(`trigger.${trigger}`)}</label>`)}</fieldset>
    <fieldset><legend>${t("fence.watches")}</legend>${WATCHED.map((kind) => html`<label class="choice">
      <input type="checkbox" checked=${fence.watches.includes(kind)} onChange=${() => set({ watches: toggled(fence.watches, kind) })} />${t(`kinds.${kind}`)}</label>`)}
      <p class="hint">${t("fence.watches_hint")}</p></fieldset>
    ${problem && html`<div class="callout callout-warning" role="alert"><p>${problemText(problem)}</p>${complaints(problem).length > 0 && html`<ul>${complaints(problem).map((one) => html`<li>${one}</li>`)}</ul>`}</div>`}
    <div class="actions"><button class="primary" disabled=${!drawn || !fence.name.trim() || !fence.triggers.length || sending}>${t("save")}</button>
      <button type="button" onClick=${cancelDraft}>${t("cancel")}</button></div>
    ${fence.version !== null && html`<div class="actions">
      <button type="button" onClick=${() => (corners.value = [])}><${Icon} name="draw" size=${16} />${t("fence.redraw")}</button>
      ${sureToDelete ? html`<button type="button" class="danger" disabled=${sending} onClick=${() => attempt(() => deleteFence(fence), t("fence.deleted", { name: fence.name }))}>${t("fence.delete_sure")}</button>`
      : html`<button type="button" onClick=${() => setSureToDelete(true)}><${Icon} name="trash" size=${16} />${t("fence.delete")}</button>`}</div>`}
  </form>`;
}

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
  return html`<article class="detail">
    <header class="detail-head"><${Shape} severity=${fence.severity} size=${28} /><div><p class="detail-kind">${t("kind.fence")} · ${word("severity", fence.severity)}</p><h2>${fence.name}</h2></div></header>
    <dl class="facts">
      <dt>${t("fence.raised")}</dt><dd>${fence.triggers.map((trigger) => t(`trigger.${trigger}`)).join(", ")}</dd>
      <dt>${t("fence.watches")}</dt><dd>${fence.watches.length ? fence.watches.map((kind) => word("kinds", kind)).join(", ") : t("fence.everyone")}</dd>
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
