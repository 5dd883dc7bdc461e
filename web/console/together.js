// With which other sightings this one was weighed: an answer here is an answer there.
import { html } from "./html.js";
import { t } from "./i18n.js";
import { select } from "./store.js";
import { at, percent } from "./words.js";

export function Together({ found }) {
  if (!found?.length) return null;
  return html`<h4>${t("together.title", { n: found.length })}</h4><p class="hint">${t("together.hint")}</p>
    <ul class="rows">${found.map((one) => html`<li key=${one.observation}><button class="row evidence" onClick=${() => select("detection", one.observation)}>
      <time datetime=${one.observed_at}>${at(one.observed_at)}</time><span class="muted">${t("together.same", { chance: percent(one.probability) })}</span></button></li>`)}</ul>`;
}
