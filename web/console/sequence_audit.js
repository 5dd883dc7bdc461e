// How far the machine is trusted: what blind looks say of its answers, and how much people still have to look at.
import { useAnswer } from "./answer.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { Empty, Failed, Loading } from "./states.js";
import { siteId } from "./store.js";
import { ago, percent } from "./words.js";

const share = (one) => (one.share === null ? "–" : html`${percent(one.share)} <span class="muted">${t("audit.between", { low: percent(one.low), high: percent(one.high) })}</span>`);

/** Promised against right: on the line, a probability can be taken at its word. */
const Reliability = ({ rows }) => html`<svg class="reliability" viewBox="-4 -4 108 108" role="img" aria-label=${t("audit.reliability")}>
  <path class="reliability-line" d="M0 100L100 0M0 0V100H100" />
  ${rows.map((one) => html`<circle key=${one.low} cx=${one.probability * 100} cy=${100 - one.right * 100} r=${1.5 + Math.min(4, Math.sqrt(one.count) / 3)} />`)}</svg>`;

export function SequenceAudit() {
  const { answer, problem, again } = useAnswer(`/sites/${siteId.value}/sequences/audit`);
  if (problem) return html`<${Failed} problem=${problem} again=${again} />`;
  if (!answer) return html`<${Loading} />`;
  const { figures, second_looks: second } = answer;
  return html`<div class="scroll audit">
    <dl class="facts"><div><dt>${t("audit.sequences")}</dt><dd>${answer.sequences}</dd></div>
      <div><dt>${t("audit.never_opened")}</dt><dd>${answer.never_opened === null ? "–" : percent(answer.never_opened)}</dd></div>
      <div><dt>${t("audit.blind")}</dt><dd>${figures.sequences}</dd></div>
      <div><dt>${t("audit.again")}</dt><dd>${second.waiting ? t("audit.again_since", { n: second.waiting, age: ago(second.oldest) }) : t("audit.again_none")}</dd></div></dl>
    ${second.problem && html`<p class="callout callout-warning">${second.problem}</p>`}
    ${!figures.answers ? html`<${Empty} title=${t("audit.empty")}>${t("audit.empty_more", { percent: percent(answer.wanted) })}<//>`
    : html`<table><thead><tr>${["label", "precision", "recall", "accept"].map((name) => html`<th scope="col" key=${name}>${t(`audit.${name}`)}</th>`)}</tr></thead>
      <tbody>${figures.labels.map((one) => html`<tr key=${one.label}><th scope="row">${word("label", one.label)}</th><td class="figures">${share(one.precision)}</td><td class="figures">${share(one.recall)}</td>
        <td class="figures">${one.accept_from === null ? t("audit.not_proved") : percent(one.accept_from)}</td></tr>`)}</tbody></table>
      <h3>${t("audit.reliability")}</h3><${Reliability} rows=${figures.reliability} />
      <p class="hint">${t("audit.error", { percent: percent(figures.calibration_error) })}</p>`}</div>`;
}
