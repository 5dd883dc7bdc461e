// The review desk's list, in the left column.
import { Outages } from "./camera_health.js";
import { html } from "./html.js";
import { HypothesisList } from "./hypothesis_list.js";
import { t, word } from "./i18n.js";
import { useRoster } from "./identity.js";
import { askReview, review, reviewProblem } from "./review.js";
import { Empty, Failed, Loading } from "./states.js";
import { sequences } from "./sequences.js";
import { dialog, select, selection } from "./store.js";
import { ago, at, percent } from "./words.js";
import { Icon } from "../icons.js";

export function ReviewList() {
  const found = review.value;
  const roster = useRoster(null);
  const names = new Map((roster ?? []).map((one) => [one.id, one.name]));
  const chosen = selection.value?.type === "detection" ? selection.value.id : null;
  const guess = ({ candidates, nobody }) => candidates.slice(0, 2).map((one) => `${names.get(one.individual) ?? "?"} ${percent(one.probability)}`).join(" · ") || t("identity.unknown");
  return html`<section class="queue" aria-label=${t("review.title")}>
    <div class="queue-tools"><p class="muted">${found ? t("review.waiting", { n: found.waiting }) : t("review.hint")}</p></div>
    <div class="scroll">
      <div class="actions desk-open"><button class="wide" onClick=${() => (dialog.value = "desk")}><${Icon} name="camera" size=${16} /><span>${t("desk.open", { n: sequences.value?.length ?? 0 })}</span><kbd>P</kbd></button></div>
      <${Outages} />
      <${HypothesisList} />
      ${reviewProblem.value && !found ? html`<${Failed} problem=${reviewProblem.value} again=${askReview} />`
      : !found ? html`<${Loading} />`
      : !found.items.length ? html`<${Empty} title=${t("review.empty")}>${t("review.empty_more")}<//>`
      : html`<ul class="rows fence-rows">${found.items.map(({ detection, proposal }) => html`<li key=${detection.id}>
        <button data-detection=${detection.id} class=${`row ${detection.id === chosen ? "row-chosen" : ""}`} aria-current=${detection.id === chosen ? "true" : null} onClick=${() => select("detection", detection.id)}>
          <${Icon} name="paw" size=${18} /><span class="row-name">${guess(proposal)}
            <span class="row-facts">${detection.scientific_name ?? word("label", detection.label)} · <time datetime=${detection.observed_at}>${at(detection.observed_at)}</time> · ${ago(detection.observed_at)}</span></span></button></li>`)}</ul>`}
    </div></section>`;
}
