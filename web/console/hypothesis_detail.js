// One hypothesis: how probable, why, what a decision would change; and the decision, which can be taken back.
import { useEffect, useState } from "preact/hooks";
import { Bar } from "./bar.js";
import { Explained } from "./behaviour.js";
import { askHypotheses, decide, hypotheses, newWord, preview, show, supposed, withdraw } from "./hypotheses.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { flyTo } from "./map.js";
import { Moving } from "./moving.js";
import { tell, tellProblem } from "./notices.js";
import { written } from "./readout.js";
import { askReview } from "./review.js";
import { Failed, Loading } from "./states.js";
import { select } from "./store.js";
import { ago, at, old, percent, zone } from "./words.js";
import { Icon } from "../icons.js";

const odds = (log) => Math.round(Math.exp(Math.min(log, Math.log(1000))));

function Reasons({ one }) {
  const { detail } = one;
  if (detail.by === "silence") return html`<p>${t("supposed.silence", { n: detail.sightings, days: detail.days, quiet: detail.quiet_days, chance: percent(detail.alive) })}</p>`;
  if (detail.by === "strangers") return html`<p>${t("supposed.strangers", { n: detail.passages, chance: percent(detail.nobody) })}</p>${detail.flank && html`<p class="hint">${t(`supposed.flank_${detail.flank}`)}</p>`}`;
  if (detail.by === "movement") return html`<p>${t("supposed.movement", { n: detail.ranges_moved, fixes: detail.fixes })}</p>`;
  if (detail.by === "contradiction") return html`<p>${t("supposed.alive", { at: at(detail.died_at), n: detail.times })}</p>`;
  if (detail.by === "flanks") return html`<p>${t(`supposed.flanks_${detail.flank}`, { name: one.name, other: one.names[detail.other] })}</p>
    <p>${t("supposed.one_way", { n: detail.sightings + detail.other_sightings, span: old(detail.nearest_s) })}</p>`;
  if (detail.by === "swap") return html`<ul class="rows">${detail.swapped.map((side, k) => html`<li key=${side.device} class="evidence">${t("supposed.fits", { device: side.device, name: one.names[side.individual], other: one.names[detail.swapped[1 - k].individual], ratio: odds(side.log_ratio) })}</li>`)}</ul>`;
  if (detail.wearers) return html`<${Explained} kind=${one.kind} detail=${detail} probability=${one.probability} />
    <ul class="rows">${detail.wearers.map((side) => html`<li key=${side.individual} class="evidence">${t("supposed.fits", { device: detail.device, name: one.name, other: one.names[side.individual], ratio: odds(side.log_ratio) })}</li>`)}</ul>`;
  return html`<${Explained} kind=${one.kind === "death" ? "immobility" : one.kind} detail=${detail} probability=${one.probability} />`;
}

/** "F01: dies, 3 Jul 12:00", a line for each record; sightings are counted. */
function Changes({ changes }) {
  const sightings = changes.filter((one) => one.noun === "identity").length;
  const told = ({ noun, name, is_new: isNew, fields }) => {
    if (noun === "deployment" && isNew) return t("change.on", { name, at: at(fields.valid_from[1]) });
    if (isNew) return t("change.born", { name });
    if (noun === "merge") return t("change.merged", { name, other: fields.merged_into[1] });
    if (noun === "movement") return t(fields.centre_drift_m2_s[1] > 0 ? "change.moves" : "change.stays", { name });
    if (noun === "deployment") return t("change.off", { name, at: at(fields.valid_to[1]) });
    return fields.died_at[1] ? t("change.died", { name, at: at(fields.died_at[1]) }) : t("change.lives", { name });
  };
  const lines = changes.filter((one) => one.noun !== "identity").map(told);
  if (sightings) lines.push(t("change.sightings", { n: sightings }));
  return lines.length ? html`<ul class="rows">${lines.map((line) => html`<li key=${line} class="evidence">${line}</li>`)}</ul>` : html`<p class="muted">${t("change.nothing")}</p>`;
}

function Consider({ one, verdict, done, cancel }) {
  const [key] = useState(newWord);
  const [asked, setAsked] = useState(null);
  const [name, setName] = useState("");
  const [note, setNote] = useState("");
  const [sending, setSending] = useState(false);
  const born = one.kind === "birth" && verdict === "confirmed";
  useEffect(() => {
    let wanted = true;
    preview(one.id, verdict, "").then((found) => wanted && setAsked(found)).catch((failure) => {
      tellProblem(failure);
      cancel();
    });
    return () => (wanted = false);
  }, [one.id, verdict]);
  const submit = async (happening) => {
    happening.preventDefault();
    setSending(true);
    try {
      done(await decide(one.id, key, verdict, name.trim(), note.trim()));
    } catch (problem) {
      tellProblem(problem);
      setSending(false);
    }
  };
  const called = name.trim() || t("change.new");
  const newcomer = asked?.changes.find((change) => change.is_new && change.noun === "individual")?.id;
  const shown = asked?.changes.map((change) => (change.id === newcomer ? { ...change, name: called } : change));
  const moving = asked && { ...asked, moved: asked.moved.map((track) => (track.individual === newcomer ? { ...track, name: called } : track)) };
  return html`<form class="resolve" onSubmit=${submit}>
    <p class="identity-word">${t(`supposed.will_${verdict}`)}</p>
    ${shown ? html`<${Changes} changes=${shown} />${shown.length > 0 && html`<${Moving} asked=${moving} />`}` : html`<${Loading} />`}
    ${born && html`<label class="field"><span>${t("supposed.name")}</span><input required value=${name} maxlength="200" onInput=${(typed) => setName(typed.target.value)} /></label>`}
    <label class="field"><span>${t("identity.note")}</span><input value=${note} maxlength="300" onInput=${(typed) => setNote(typed.target.value)} /></label>
    <div class="actions"><button class="primary" disabled=${sending || !asked || (born && !name.trim())}>${t("identity.decide")}</button>
      <button type="button" onClick=${cancel}>${t("cancel")}</button></div>
  </form>`;
}

export function HypothesisDetail({ id }) {
  const [answer, setAnswer] = useState(null);
  const [problem, setProblem] = useState(null);
  const [verdict, setVerdict] = useState(null);
  const version = hypotheses.value;
  useEffect(() => {
    const abort = new AbortController();
    show(id, abort.signal).then((found) => {
      setAnswer(found);
      setProblem(null);
    }).catch((failure) => failure.name !== "AbortError" && setProblem(failure));
    return () => abort.abort();
  }, [id, version]);
  if (problem && !answer) return html`<${Failed} problem=${problem} />`;
  if (!answer) return html`<${Loading} />`;
  const { hypothesis: one, decisions, stands } = answer;
  const again = (found, word) => {
    setAnswer(found);
    setVerdict(null);
    askHypotheses();
    askReview();
    tell(t(word));
  };
  const holds = decisions.find(({ withdrawn_at: gone }) => gone === null);
  const undo = (decision) => withdraw(id, decision.id).then((found) => again(found, "identity.undone")).catch(tellProblem);
  return html`<article class="detail" aria-label=${t("supposed.one")}>
    <header class="detail-head"><span class="badge"><${Icon} name="help" size=${20} /></span><div><p class="detail-kind">${t("supposed.kind")}</p><h2>${supposed(one)}</h2></div></header>
    ${!stands && !holds && html`<p class="callout">${t("supposed.gone")}</p>`}
    <${Bar} share=${one.probability} possible=${one.probability < 0.8}>${t("supposed.chance", { chance: percent(one.probability) })}<//>
    <dl class="facts"><dt>${t("fact.when")}</dt><dd><time datetime=${one.since}>${at(one.since)}</time> ${zone(one.since)} · ${ago(one.since)}</dd>
      ${one.longitude !== null && html`<dt>${t("fact.where")}</dt><dd class="figures">${written(one.longitude, one.latitude)}</dd>`}
      ${one.individual && html`<dt>${t("fact.who")}</dt><dd><button class="linklike" onClick=${() => select("subject", one.individual)}>${one.name}</button></dd>`}</dl>
    ${one.longitude !== null && html`<div class="actions"><button onClick=${() => flyTo(one)}><${Icon} name="target" size=${16} />${t("fly")}</button></div>`}
    <h3>${t("supposed.why")}</h3><${Reasons} one=${one} />
    ${one.kind === "birth" && html`<ul class="rows">${one.evidence.slice(0, 8).map((key, number) => html`<li key=${key}><button class="row" onClick=${() => select("detection", key)}><span class="row-name">${at(one.detail.times[number])}</span></button></li>`)}</ul>`}
    ${verdict ? html`<${Consider} key=${verdict} one=${one} verdict=${verdict} done=${(found) => again(found, "identity.done")} cancel=${() => setVerdict(null)} />`
    : !holds && stands && html`<div class="actions"><button class="primary" onClick=${() => setVerdict("confirmed")}><${Icon} name="check" size=${16} />${t("supposed.confirm")}</button>
      <button onClick=${() => setVerdict("rejected")}><${Icon} name="close" size=${16} />${t("supposed.reject")}</button></div>`}
    ${decisions.length > 0 && html`<h3>${t("history.title")}</h3><ol class="timeline">${decisions.map((word) => html`<li key=${word.id}><time datetime=${word.decided_at}>${at(word.decided_at)}</time>
      <span class=${word.withdrawn_at ? "muted identity-gone" : ""}>${word.decided_by}: ${t(`supposed.${word.verdict}`)}${word.note && ` — ${word.note}`}
        ${word.withdrawn_at ? html` <span>(${t("identity.withdrawn", { who: word.withdrawn_by })})</span>` : html` <button class="linklike" onClick=${() => undo(word)}>${t("identity.undo")}</button>`}</span></li>`)}</ol>`}
  </article>`;
}
