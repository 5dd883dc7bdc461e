// "Who is it?": the answer, its reason, and a decision with its consequences shown before it is made.
import { useRef, useState } from "preact/hooks";
import { Candidates } from "./candidates.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { decide, holding, preview, useIdentity, useRoster, withdraw } from "./identity.js";
import { tell, tellProblem } from "./notices.js";
import { askReview } from "./review.js";
import { Failed, Loading } from "./states.js";
import { select } from "./store.js";
import { Together } from "./together.js";
import { at, far } from "./words.js";
import { Icon } from "../icons.js";

const NOBODY = "nobody";

function Moved({ one }) {
  const more = one.pieces_after > one.pieces_before;
  return html`<li class="evidence"><span>${t(more ? "identity.gains" : "identity.loses", { name: one.name, n: one.pieces_after })}</span>
    <span class="muted">${one.largest_shift_m === null ? t(one.pieces_after ? "identity.begins" : "identity.ends") : t("identity.shift", { distance: far(one.largest_shift_m), at: at(one.shift_at) })}</span></li>`;
}

/** The decision that is considered, what it would change, and the button that makes it. */
function Consider({ item, word, asked, name, done, cancel }) {
  const [note, setNote] = useState("");
  const [sending, setSending] = useState(false);
  const submit = async (happening) => {
    happening.preventDefault();
    setSending(true);
    try {
      done(await decide(item.id, word, note.trim()));
    } catch (problem) {
      tellProblem(problem);
      setSending(false);
    }
  };
  return html`<form class="resolve" onSubmit=${submit}>
    <p class="identity-word">${name}</p>
    ${asked === null ? html`<${Loading} />` : asked.moved.length ? html`<ul class="rows">${asked.moved.map((one) => html`<${Moved} key=${one.individual} one=${one} />`)}</ul>`
    : html`<p class="muted">${t("identity.nothing_moves")}</p>`}
    <label class="field"><span>${t("identity.note")}</span><input value=${note} maxlength="300" onInput=${(typed) => setNote(typed.target.value)} /></label>
    <div class="actions"><button class="primary" disabled=${sending || asked === null}>${t("identity.decide")}</button>
      <button type="button" onClick=${cancel}>${t("cancel")}</button></div>
  </form>`;
}

function Decisions({ item, decisions, names, set }) {
  if (!decisions.length) return null;
  const valid = new Set(holding(decisions).map(({ id }) => id));
  const undo = (decision) => withdraw(item.id, decision.id).then((answer) => {
    set(answer);
    tell(t("identity.undone"));
  }).catch(tellProblem);
  const said = (one) => t(`verdict.${one.individual === null ? NOBODY : one.verdict}`, { name: names.get(one.individual) ?? "?" });
  return html`<h3>${t("history.title")}</h3><ol class="timeline">${decisions.map((one) => html`<li key=${one.id}><time datetime=${one.decided_at}>${at(one.decided_at)}</time>
    <span class=${valid.has(one.id) ? "" : "muted identity-gone"}>${one.decided_by}: ${said(one)}${one.note && ` — ${one.note}`}
      ${valid.has(one.id) ? html` <button class="linklike" onClick=${() => undo(one)}>${t("identity.undo")}</button>` : html` <span>(${t("identity.withdrawn", { who: one.withdrawn_by })})</span>`}</span></li>`)}</ol>`;
}

export function IdentityDesk({ item }) {
  const { answer, problem, set, again } = useIdentity(item.id, item.individual);
  const roster = useRoster(item.scientific_name);
  const [word, setWord] = useState(null);
  const [asked, setAsked] = useState(null);
  const considered = useRef(0);
  if (problem) return html`<h3>${t("identity.title")}</h3><${Failed} problem=${problem} again=${again} />`;
  if (!answer || !roster) return html`<h3>${t("identity.title")}</h3><${Loading} />`;
  const names = new Map(roster.map((one) => [one.id, one.name]));
  const consider = (wanted) => {
    const mine = ++considered.current; // the answer to an earlier thought is not that to this one
    setWord(wanted);
    setAsked(null);
    preview(item.id, wanted).then((found) => mine === considered.current && setAsked(found)).catch((failure) => {
      if (mine !== considered.current) return;
      tellProblem(failure);
      setWord(null);
    });
  };
  const choose = (picked) => picked && consider(picked === NOBODY ? { verdict: "is" } : { verdict: "is", individual: picked });
  const done = (decided) => {
    set(decided);
    setWord(null);
    askReview();
    tell(t("identity.done"));
  };
  const because = answer.decided ? t("identity.by_people") : answer.individual || answer.said ? t("identity.by_sender") : holding(answer.decisions).length ? t("identity.not_that") : t("identity.by_nobody");
  const spoken = word && (word.verdict === "is_not" ? t("identity.word_is_not", { name: names.get(word.individual) }) : word.individual ? t("identity.word_is", { name: names.get(word.individual) }) : t("identity.word_nobody"));
  return html`<section aria-label=${t("identity.title")}><h3>${t("identity.title")}</h3>
    <p class="identity-who">${answer.individual ? html`<button class="linklike" onClick=${() => select("subject", answer.individual)}>${answer.name}</button>` : html`<span>${answer.decided ? t("identity.nobody") : answer.name ?? t("identity.unknown")}</span>`}
      <span class="muted"> · ${because}</span></p>
    ${answer.proposal?.candidates.length > 0 && !answer.decided && html`${answer.proposal.status === "provisional" && html`<p class="muted" role="note">${t("identity.provisional")}</p>`}
      <p class="muted">${t("identity.proposed")}</p>
      <${Candidates} proposal=${answer.proposal} names=${names} choose=${word ? null : choose} />
      <${Together} found=${answer.proposal.together} />`}
    ${word ? html`<${Consider} item=${item} word=${word} asked=${asked} name=${spoken} done=${done} cancel=${() => setWord(null)} />`
    : html`<label class="field"><span>${t("identity.choose")}</span><select value="" onChange=${(pick) => choose(pick.target.value)}>
        <option value="">${t("identity.pick")}</option><option value=${NOBODY}>${t("identity.nobody")}</option>
        ${roster.filter((one) => one.id !== answer.individual && !one.merged_into).map((one) => html`<option key=${one.id} value=${one.id}>${one.name}${one.scientific_name ? ` – ${one.scientific_name}` : ""}</option>`)}</select></label>
      ${answer.individual && html`<div class="actions"><button onClick=${() => consider({ verdict: "is", individual: answer.individual })} disabled=${answer.decided}><${Icon} name="check" size=${16} />${t("identity.confirm", { name: answer.name })}</button>
        <button onClick=${() => consider({ verdict: "is_not", individual: answer.individual })} disabled=${answer.decided}><${Icon} name="close" size=${16} />${t("identity.reject", { name: answer.name })}</button></div>
        <p class="hint"><button class="linklike" onClick=${() => select("subject", answer.individual)}>${t("roster.ask", { name: answer.name })}</button></p>`}`}
    <${Decisions} item=${item} decisions=${answer.decisions} names=${names} set=${set} />
  </section>`;
}
