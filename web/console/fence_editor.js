// The form in which a fence is drawn, changed and given its rules.
import { useEffect, useRef, useState } from "preact/hooks";
import { cancelDraft, change, corners, deleteFence, draft, draftCrossings, isAreaDraft, saveDraft, savedFence, wrongPlace } from "./draft.js";
import { Corners, ShapeTools } from "./fence_corners.js";
import { Edges, Raises, Stays, Sure, Warns, Watched } from "./fence_rules.js";
import { ScheduleEditor } from "./fence_schedule.js";
import { scheduleWords } from "./fence_words.js";
import { Group } from "./group.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { flyTo } from "./map.js";
import { problemText, tell } from "./notices.js";
import { SEVERITIES } from "./queue.js";
import { scheduleFaults } from "./schedule.js";
import { select } from "./store.js";
import { at } from "./words.js";
import { Icon, Shape } from "../icons.js";

/** What must be given before a fence can be saved: names of sentences. */
function faults(fence) {
  const needs = { dwell: "dwell_s", overdue: "overdue_s", proximity: "near_m", approach: "approach_s" };
  return [
    ...(!fence.geometry ? ["shape"] : []),
    ...(draftCrossings.value.length ? ["crossed"] : []),
    ...(!fence.name.trim() ? ["name"] : []),
    ...(!fence.triggers.length ? ["triggers"] : []),
    ...fence.triggers.filter((trigger) => needs[trigger] && !(fence[needs[trigger]] > 0)),
    ...scheduleFaults(fence.schedule),
  ];
}

function Complaints({ problem }) {
  const errors = (problem.body?.errors ?? []).filter((one) => typeof one === "object");
  return html`<div class="callout callout-warning" role="alert"><p>${errors.length ? t("fence.refused") : problemText(problem)}</p>
    ${errors.length > 0 && html`<ul>${errors.map((one) => html`<li>${one.what ? html`<strong>${one.what}</strong> <span class="figures">${one.where}</span>. ${one.remedy} ${one.mended ?? ""}` : [one.field, one.detail].filter(Boolean).join(": ")}</li>`)}</ul>`}
    ${wrongPlace.value && html`<button type="button" class="linklike" onClick=${() => flyTo({ longitude: wrongPlace.value[0], latitude: wrongPlace.value[1] })}>${t("fence.show_wrong")}</button>`}</div>`;
}

/** Somebody else saved this fence while it was being changed here. */
function Overtaken({ by, at: when, version, onOver, onTheirs }) {
  return html`<div class="callout callout-warning" role="alert"><p>${by ? t("overtaken.by", { who: by, at: at(when), version }) : t("overtaken", { version })}</p>
    <div class="actions"><button type="button" onClick=${onTheirs}>${t("overtaken.theirs")}</button><button type="button" class="danger" onClick=${onOver}>${t("overtaken.over")}</button></div></div>`;
}

export function FenceEditor() {
  const fence = draft.value;
  const [problem, setProblem] = useState(null);
  const [sending, setSending] = useState(false);
  const [asked, setAsked] = useState(false);
  const [sureToDelete, setSureToDelete] = useState(false);
  const name = useRef(null);
  const drawn = fence.geometry !== null && corners.value === null;
  useEffect(() => {
    if (drawn && fence.version === null) name.current?.focus();
  }, [drawn]);
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
  const save = (over) => attempt(async () => select("fence", (await saveDraft(over)).id), t("fence.saved", { name: fence.name }));
  const missing = faults(fence);
  const submit = (happening) => {
    happening.preventDefault();
    setAsked(true);
    if (!missing.length) save();
  };
  const theirs = problem?.status === 412 ? problem.body.now : null;
  const ahead = savedFence.value && fence.version !== null && savedFence.value.version > fence.version ? savedFence.value : theirs;
  return html`<form class="detail editor" onSubmit=${submit} noValidate>
    <header class="detail-head"><span class="badge"><${Icon} name=${isAreaDraft.value ? "fence" : "line"} /></span>
      <div><p class="detail-kind">${t(fence.version === null ? "fence.new" : "fence.edit")}</p><h2>${fence.name || t("fence.unnamed")}</h2></div></header>
    ${!drawn && html`<p class="callout">${t("fence.draw_first")}</p>`}
    <label class="field"><span>${t("fence.name")}</span><input ref=${name} required maxlength="200" value=${fence.name} onInput=${(typed) => change({ name: typed.target.value })} /></label>
    <${ShapeTools} drawn=${drawn} />
    ${drawn && html`<${Corners} />`}
    <${Raises} />
    <${Group} title=${t("fence.severity")} now=${word("severity", fence.severity)}><fieldset class="plain"><legend class="unseen">${t("fence.severity")}</legend>${SEVERITIES.map((severity) => html`<label class="choice">
      <input type="radio" name="severity" checked=${fence.severity === severity} onChange=${() => change({ severity })} /><${Shape} severity=${severity} size=${16} />${t(`severity.${severity}`)}</label>`)}</fieldset><//>
    <${Sure} /><${Warns} />${isAreaDraft.value && html`<${Stays} />`}
    <${Group} title=${t("fence.when")} now=${scheduleWords(fence.schedule)}><${ScheduleEditor} /><//>
    <${Watched} /><${Edges} />
    ${asked && missing.length > 0 && html`<div class="callout callout-warning" role="alert"><p>${t("fault.some")}</p><ul>${missing.map((key) => html`<li>${t(`fault.${key}`)}</li>`)}</ul></div>`}
    ${ahead ? html`<${Overtaken} by=${problem?.body?.by} at=${ahead.recorded_at} version=${ahead.version} onOver=${() => save(ahead.version)} onTheirs=${() => { cancelDraft(); select("fence", fence.id); }} />`
    : problem && html`<${Complaints} problem=${problem} />`}
    <div class="actions editor-actions"><button class="primary" disabled=${sending || Boolean(ahead)}>${t("save")}</button>
      <button type="button" onClick=${cancelDraft}>${t("cancel")}</button>
      ${fence.version !== null && (sureToDelete ? html`<button type="button" class="danger" disabled=${sending} onClick=${() => attempt(() => deleteFence(fence), t("fence.deleted", { name: fence.name }))}>${t("fence.delete_sure")}</button>`
      : html`<button type="button" onClick=${() => setSureToDelete(true)}><${Icon} name="trash" size=${16} />${t("fence.delete")}</button>`)}</div>
  </form>`;
}
