// Whom it may be, as bars with words, and what speaks for each.
import { Bar } from "./bar.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { percent } from "./words.js";

const TERMS = ["place", "appearance", "species", "effort"];
const TELLING = Math.log(1.5); // a term that says less than 3 : 2 says nothing
const MOST_RATIO = 1000;
const MOST = Math.log(MOST_RATIO);

/** What speaks for one against the best of the others: [{term, ratio}], the strongest first. */
export function reasons(candidates, one) {
  const other = candidates.find((candidate) => candidate !== one);
  if (!other) return [];
  return TERMS.map((term) => ({ term, log: one[term] - other[term] }))
    .filter(({ log }) => Math.abs(log) > TELLING)
    .sort((a, b) => Math.abs(b.log) - Math.abs(a.log))
    .map(({ term, log }) => ({ term, ratio: Math.round(Math.exp(Math.min(Math.abs(log), MOST))), speaks: log > 0 }));
}

const odds = (ratio) => (ratio >= MOST_RATIO ? t("reason.over", { ratio: MOST_RATIO }) : ratio);
const said = ({ term, ratio, speaks }) => t(speaks ? "reason.for" : "reason.against", { what: t(`term.${term}`), ratio: odds(ratio) });

export function Candidates({ proposal, names, choose }) {
  const { candidates, nobody } = proposal;
  return html`<ul class="rows candidates">${candidates.map((one) => html`<li key=${one.individual}>
      <button class="row candidate" disabled=${!choose} onClick=${() => choose(one.individual)}>
        <${Bar} share=${one.probability}>${names.get(one.individual) ?? "?"} <span class="muted">${percent(one.probability)}</span><//>
        <span class="muted candidate-why">${reasons(candidates, one).map(said).join(" · ")}</span></button></li>`)}
    ${nobody > 0.005 && html`<li class="row candidate candidate-nobody"><${Bar} share=${nobody}>${t("identity.somebody_else")} <span class="muted">${percent(nobody)}</span><//></li>`}</ul>`;
}
