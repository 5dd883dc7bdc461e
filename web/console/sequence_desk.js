// The review desk: one sequence at a time, its pictures large, answered by a key. What is worth most comes first.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useAnswer } from "./answer.js";
import { counted, matching, offered, remembered, waiting } from "./desk_order.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { Modal } from "./modal.js";
import { tell, tellProblem } from "./notices.js";
import { fetchAhead, Picture, Strip } from "./picture.js";
import { SequenceAudit } from "./sequence_audit.js";
import { askSequences, judge, sequences, sequencesProblem, takeBack } from "./sequences.js";
import { Empty, Failed, Loading } from "./states.js";
import { siteId } from "./store.js";
import { ago, at, chance } from "./words.js";

const PLAY_MS = 350;
const AHEAD = 3;
const typing = (target) => target.closest?.("input:not([type=number]), textarea, select");

/** What the machine says, in words, each with the rule that said so. */
function Entries({ sequence }) {
  if (sequence.blind) return html`<p class="callout">${t("desk.blind")}</p>`;
  return html`<ul class="rows">${sequence.entries.map((one) => html`<li key=${one.label} class="evidence"><span><strong>${word("label", one.label)}</strong> × ${one.count}</span>
    <span class="muted">${chance(one.probability)} · ${word("source", one.source)}${one.disputed ? ` · ${t("desk.disputed")}` : ""}${one.quieted ? ` · ${t("desk.quieted")}` : ""}${one.unexpected ? ` · ${t("desk.unexpected", { name: one.unexpected })}` : ""}</span></li>`)}</ul>
    ${sequence.reasons.length > 0 && html`<p class="hint">${t("desk.because", { reasons: sequence.reasons.map((one) => word("desk.reason", one)).join(", ") })}</p>`}`;
}

/** Any other label of the site, found by typing. */
function Another({ labels, choose }) {
  const [typed, setTyped] = useState("");
  const found = matching(labels, typed);
  const pick = (label) => {
    setTyped("");
    choose(label);
  };
  return html`<form class="field" onSubmit=${(sent) => { sent.preventDefault(); if (found[0]) pick(found[0]); }}>
    <label class="field"><span>${t("desk.another")}</span><input id="desk-another" value=${typed} autocomplete="off" onInput=${(change) => setTyped(change.target.value)} /></label>
    ${found.length > 0 && html`<ul class="rows">${found.map((label) => html`<li key=${label}><button type="button" class="row" onClick=${() => pick(label)}><span class="row-name">${word("label", label)}</span></button></li>`)}</ul>`}</form>`;
}

function One({ sequence, labels, recent, decide, skip, undo, canUndo, left }) {
  const [chosen, setChosen] = useState(sequence.pictures[0]);
  const [playing, setPlaying] = useState(false);
  const [count, setCount] = useState(null);
  const choices = offered(sequence, recent);
  const most = (label) => count ?? (sequence.entries ?? []).find((one) => one.label === label)?.count ?? 1;
  const step = (by) => setChosen((now) => sequence.pictures[Math.max(0, Math.min(sequence.pictures.length - 1, sequence.pictures.indexOf(now) + by))]);
  useEffect(() => {
    setChosen(sequence.pictures[0]);
    setPlaying(false);
    setCount(null);
  }, [sequence.id]);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => setChosen((now) => sequence.pictures[(sequence.pictures.indexOf(now) + 1) % sequence.pictures.length]), PLAY_MS);
    return () => clearInterval(timer);
  }, [playing, sequence.id]);
  const say = (label) => decide(sequence, [{ label, count: counted(label, most(label)) }]);
  useEffect(() => {
    const deeds = { KeyS: skip, KeyZ: undo, KeyB: () => say("blank"), KeyU: () => say("animal"), Space: () => setPlaying((now) => !now), ArrowLeft: () => step(-1), ArrowRight: () => step(1), KeyK: () => step(-1), KeyJ: () => step(1), Slash: () => document.getElementById("desk-another")?.focus() };
    const press = (key) => {
      if (key.ctrlKey || key.metaKey || key.altKey || typing(key.target)) return;
      const digit = /^(?:Digit|Numpad)([1-9])$/.exec(key.code);
      const deed = digit ? choices[digit[1] - 1] && (() => say(choices[digit[1] - 1])) : deeds[key.code];
      if (!deed || (key.code === "Space" && key.target.closest?.("button"))) return;
      key.preventDefault();
      key.stopPropagation();
      deed();
    };
    addEventListener("keydown", press, true);
    return () => removeEventListener("keydown", press, true);
  });
  return html`<div class="desk">
    <section class="desk-picture" aria-label=${t("desk.picture")} onMouseEnter=${() => sequence.pictures.length > 1 && setPlaying(true)} onMouseLeave=${() => setPlaying(false)}>
      <${Picture} medium=${chosen} hidden=${sequence.blind} />
      ${sequence.pictures.length > 1 && html`<${Strip} media=${sequence.pictures} chosen=${chosen} choose=${setChosen} />`}
    </section>
    <section class="desk-words" aria-label=${t("desk.words")}>
      <p class="muted">${t("desk.left", { n: left })}</p>
      <p><strong>${sequence.device}</strong> · <time datetime=${sequence.begins_at}>${at(sequence.begins_at)}</time> · ${ago(sequence.begins_at)}</p>
      <${Entries} sequence=${sequence} />
      <h3>${t("desk.what")}</h3>
      <ol class="desk-choices">${choices.map((label, place) => html`<li key=${label}><button class="wide" onClick=${() => say(label)}><kbd>${place + 1}</kbd><span class="grow">${word("label", label)}</span></button></li>`)}</ol>
      <label class="field desk-count"><span>${t("desk.count")}</span><input type="number" min="1" max="10000" value=${count ?? ""} placeholder=${t("desk.count_as_seen")} onInput=${(change) => setCount(change.target.value ? Number(change.target.value) : null)} /></label>
      <${Another} labels=${labels} choose=${say} />
      <div class="actions"><button onClick=${() => say("animal")}><kbd>U</kbd>${t("desk.unknown")}</button><button onClick=${skip}><kbd>S</kbd>${t("desk.skip")}</button><button onClick=${undo} disabled=${!canUndo}><kbd>Z</kbd>${t("desk.undo")}</button></div>
    </section></div>`;
}

/** What is next, once what was answered or put off is left out; the answers travel while the next one is looked at. */
function Queue({ labels }) {
  const [done, setDone] = useState(new Set());
  const [recent, setRecent] = useState([]);
  const [last, setLast] = useState([]);
  const sending = useRef(Promise.resolve());
  const items = useMemo(() => waiting(sequences.value ?? [], done), [sequences.value, done]);
  const now = items[0] ?? null;
  useEffect(() => fetchAhead(items.slice(1, 1 + AHEAD).map(({ pictures }) => pictures[0])), [now?.id]);
  const without = (id) => setDone((before) => new Set(before).add(id));
  const back = (id) => setDone((before) => new Set([...before].filter((one) => one !== id)));
  const decide = (sequence, said) => {
    without(sequence.id);
    setRecent((before) => remembered(before, said[0].label));
    sending.current = sending.current.then(() => judge(sequence, said)).then((answer) => {
      setLast((before) => [...before, { sequence: sequence.id, verdict: answer.verdicts[0]?.id }]);
      if (sequence.blind && answer.sequence.entries) tell(t("desk.machine_said", { what: answer.sequence.entries.map((one) => word("label", one.label)).join(", ") }));
    }).catch((problem) => {
      // It was not kept: it comes back to the desk as it is now.
      tellProblem(problem);
      back(sequence.id);
      askSequences();
    });
  };
  const undo = () => {
    const one = last.at(-1);
    if (!one) return;
    setLast(last.slice(0, -1));
    sending.current = sending.current.then(() => takeBack(one.sequence, one.verdict)).then(() => {
      back(one.sequence);
      askSequences();
      tell(t("desk.undone"));
    }).catch(tellProblem);
  };
  if (sequences.value === null) return sequencesProblem.value ? html`<${Failed} problem=${sequencesProblem.value} again=${askSequences} />` : html`<${Loading} />`;
  if (!now) return html`<${Empty} title=${t("desk.empty")}>${t("desk.empty_more")}<//>${last.length > 0 && html`<div class="actions"><button onClick=${undo}><kbd>Z</kbd>${t("desk.undo")}</button></div>`}`;
  return html`<${One} key=${now.id} sequence=${now} labels=${labels} recent=${recent} decide=${decide} skip=${() => without(now.id)} undo=${undo} canUndo=${last.length > 0} left=${items.length} />`;
}

export function SequenceDesk() {
  const { answer } = useAnswer(`/sites/${siteId.value}/judging`);
  const [page, setPage] = useState("queue");
  return html`<${Modal} title=${t("desk.title")} kind="desk">
    <div class="tabs" role="tablist" aria-label=${t("desk.title")}>${["queue", "audit"].map((name) => html`<button key=${name} class="tab" role="tab" aria-selected=${page === name} onClick=${() => setPage(name)}>${t(`desk.${name}`)}</button>`)}</div>
    ${page === "queue" ? html`<${Queue} labels=${answer?.labels ?? []} />` : html`<${SequenceAudit} />`}<//>`;
}
