// "Is it one animal?": an entry is merged with another one, or some of its sightings go to another; shown before it is done.
import { useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { useRoster } from "./identity.js";
import { tell, tellProblem } from "./notices.js";
import { askReview } from "./review.js";
import { Moving } from "./moving.js";
import { merge, previewMerge, previewSplit, split, takeBack, useEntry } from "./roster.js";
import { Failed, Loading } from "./states.js";
import { select } from "./store.js";
import { ago, at } from "./words.js";
import { Icon } from "../icons.js";

const NEW = "new";

/** What it would change, and the button that does it. */
function Consider({ text, asked, ready = true, submit, cancel, children }) {
  const [note, setNote] = useState("");
  const [sending, setSending] = useState(false);
  const send = (happening) => {
    happening.preventDefault();
    setSending(true);
    submit(note.trim()).catch((problem) => {
      tellProblem(problem);
      setSending(false);
    });
  };
  return html`<form class="resolve" onSubmit=${send}><p class="identity-word">${text}</p>${children}
    ${asked === null ? html`<${Loading} />` : html`<${Moving} asked=${asked} />`}
    <label class="field"><span>${t("identity.note")}</span><input value=${note} maxlength="300" onInput=${(typed) => setNote(typed.target.value)} /></label>
    <div class="actions"><button class="primary" disabled=${sending || asked === null || !ready}>${t("identity.decide")}</button>
      <button type="button" onClick=${cancel}>${t("cancel")}</button></div></form>`;
}

/** Ask what something would change; only the answer to the last question counts. */
function usePreview() {
  const [asked, setAsked] = useState(null);
  const turn = useRef(0);
  const ask = (question, failed) => {
    const mine = ++turn.current;
    setAsked(null);
    question.then((found) => mine === turn.current && setAsked(found)).catch((problem) => {
      if (mine !== turn.current) return;
      tellProblem(problem);
      failed();
    });
  };
  return [asked, ask];
}

function Others({ label, others, value, choose, children }) {
  return html`<label class="field"><span>${label}</span><select value=${value} onChange=${(pick) => choose(pick.target.value)}>
    <option value="">${t("identity.pick")}</option>${children}
    ${others.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}${one.scientific_name ? ` – ${one.scientific_name}` : ""}</option>`)}</select></label>`;
}

function MergeForm({ id, species, name, others, done, cancel }) {
  const [stays, setStays] = useState("");
  const [asked, ask] = usePreview();
  const choose = (picked) => {
    setStays(picked);
    if (picked) ask(previewMerge(id, picked), () => setStays(""));
  };
  const other = others.find((one) => one.id === stays);
  return html`<${Others} label=${t("roster.same_as")} others=${others} value=${stays} choose=${choose} />
    ${other ? html`<${Consider} text=${t("roster.word_merge", { name, other: other.name })} asked=${asked} submit=${(note) => merge(id, stays, note).then(done)} cancel=${cancel}>${other.scientific_name !== species && html`<p class="callout">${t("roster.other_kind", { kind: other.scientific_name || "?" })}</p>`}<//>`
    : html`<div class="actions"><button onClick=${cancel}>${t("cancel")}</button></div>`}`;
}

function SplitForm({ id, name, sightings, others, done, cancel }) {
  const [chosen, setChosen] = useState([]);
  const [other, setOther] = useState("");
  const [called, setCalled] = useState("");
  const [asked, ask] = usePreview();
  const look = (keys, whom) => keys.length && whom && ask(previewSplit(id, keys, whom === NEW ? null : whom), () => setOther(""));
  const pick = (key) => {
    const keys = chosen.includes(key) ? chosen.filter((one) => one !== key) : [...chosen, key];
    setChosen(keys);
    look(keys, other);
  };
  const choose = (whom) => {
    setOther(whom);
    look(chosen, whom);
  };
  const to = other === NEW ? called.trim() : others.find((one) => one.id === other)?.name;
  const whom = other === NEW ? { name: called.trim() } : { other };
  return html`<fieldset class="picks"><legend>${t("roster.which")}</legend>${sightings.map((one) => html`<label key=${one.id} class="check"><input type="checkbox" checked=${chosen.includes(one.id)} onChange=${() => pick(one.id)} />
      <span>${at(one.observed_at)} <span class="muted">${word("label", one.label)} · ${one.device} · ${ago(one.observed_at)}</span></span></label>`)}</fieldset>
    <${Others} label=${t("roster.to_whom")} others=${others} value=${other} choose=${choose}><option value=${NEW}>${t("roster.new")}</option><//>
    ${other === NEW && html`<label class="field"><span>${t("roster.name")}</span><input value=${called} maxlength="100" onInput=${(typed) => setCalled(typed.target.value)} /></label>`}
    ${chosen.length && other ? html`<${Consider} text=${t("roster.word_split", { n: chosen.length, name, other: to || "…" })} asked=${asked} ready=${Boolean(to)} submit=${(note) => split(id, chosen, whom, note).then(done)} cancel=${cancel} />`
    : html`<p class="hint">${t("roster.choose")}</p><div class="actions"><button onClick=${cancel}>${t("cancel")}</button></div>`}`;
}

function History({ answer, names, set }) {
  const told = [
    ...answer.merges.map((one) => ({ ...one, what: "merge", text: t("roster.word_merge", { name: names.get(one.merged) ?? "?", other: names.get(one.stays) ?? "?" }) })),
    ...answer.splits.map((one) => ({ ...one, what: "split", text: t("roster.word_split", { n: one.observations.length, name: names.get(one.individual) ?? "?", other: names.get(one.other) ?? "?" }) })),
  ].sort((a, b) => a.decided_at.localeCompare(b.decided_at));
  if (!told.length) return null;
  const undo = (one) => takeBack(answer.id, one.what, one.id).then((after) => {
    set(after);
    tell(t("identity.undone"));
  }).catch(tellProblem);
  return html`<ol class="timeline">${told.map((one) => html`<li key=${one.id}><time datetime=${one.decided_at}>${at(one.decided_at)}</time>
    <span class=${one.withdrawn_at ? "muted identity-gone" : ""}>${one.decided_by}: ${one.text}${one.note && ` — ${one.note}`}
      ${one.withdrawn_at ? html` <span>(${t("identity.withdrawn", { who: one.withdrawn_by })})</span>` : html` <button class="linklike" onClick=${() => undo(one)}>${t("identity.undo")}</button>`}</span></li>`)}</ol>`;
}

export function RosterDesk({ id, species }) {
  const { answer, problem, set, again } = useEntry(id);
  const roster = useRoster(species);
  const [doing, setDoing] = useState(null);
  if (problem) return html`<h3>${t("roster.title")}</h3><${Failed} problem=${problem} again=${again} />`;
  if (!answer || !roster) return html`<h3>${t("roster.title")}</h3><${Loading} />`;
  const names = new Map(roster.map((one) => [one.id, one.name]));
  const others = roster.filter((one) => one.id !== id && !one.merged_into);
  const done = (after) => {
    set(after);
    setDoing(null);
    askReview();
    tell(t("identity.done"));
    if (after.merged_into) select("subject", after.merged_into);
  };
  const also = Object.entries(answer.entries).filter(([key]) => key !== id).map(([, name]) => name);
  const form = { id, species, name: names.get(id) ?? answer.name, others, done, cancel: () => setDoing(null) };
  return html`<section aria-label=${t("roster.title")}><h3>${t("roster.title")}</h3>
    ${answer.provisional && html`<p class="callout">${t(`supposed.flank_${answer.flank}`)}</p>`}
    ${also.length > 0 && html`<p class="muted">${t("roster.also", { names: also.join(", ") })}</p>`}
    ${doing === "merge" ? html`<${MergeForm} ...${form} />` : doing === "split" ? html`<${SplitForm} ...${form} sightings=${answer.sightings} />`
    : html`<div class="actions"><button onClick=${() => setDoing("merge")} disabled=${!others.length}><${Icon} name="check" size=${16} />${t("roster.merge")}</button>
      <button onClick=${() => setDoing("split")} disabled=${!answer.sightings.length}><${Icon} name="paw" size=${16} />${t("roster.split")}</button></div>`}
    <${History} answer=${answer} names=${names} set=${set} /></section>`;
}
