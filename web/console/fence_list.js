// The list of fences in the left column.
import { asleep, fences, fencesKnown, fencesProblem, loadFences } from "./fences.js";
import { shortFacts, sleepText } from "./fence_words.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { draw } from "./map_tools.js";
import { isLive } from "./moment.js";
import { mayEdit, narrowTab, select, selection } from "./store.js";
import { Empty, Failed, Loading } from "./states.js";
import { Icon, Shape } from "../icons.js";

export function FenceList() {
  const chosen = selection.value?.type === "fence" ? selection.value.id : null;
  const begin = (area) => {
    narrowTab.value = "map";
    draw(area);
  };
  return html`<section class="queue" aria-label=${t("fences.title")}>
    ${mayEdit.value && isLive.value && html`<div class="queue-tools"><button onClick=${() => begin(true)}><${Icon} name="draw" size=${16} />${t("fence.draw")}</button>
      <button onClick=${() => begin(false)}><${Icon} name="line" size=${16} />${t("fence.draw_line")}</button></div>`}
    <div class="scroll">
      ${!fencesKnown.value && fencesProblem.value ? html`<${Failed} problem=${fencesProblem.value} again=${loadFences} />`
      : !fencesKnown.value ? html`<${Loading} />`
      : !fences.value.length ? html`<${Empty} title=${t("fences.empty")}>${t("fences.empty_more")}<//>`
      : html`<ul class="rows fence-rows">${fences.value.map((fence) => html`<li key=${fence.id}>
        <button class=${`row ${fence.id === chosen ? "row-chosen" : ""} ${asleep(fence) ? "row-asleep" : ""}`} aria-current=${fence.id === chosen ? "true" : null} onClick=${() => select("fence", fence.id)}>
          <${Shape} severity=${fence.severity} size=${18} /><span class="row-name">${fence.name}
            <span class="row-facts">${shortFacts(fence)}</span>
            ${sleepText(fence) && html`<span class="row-facts with-icon"><${Icon} name="moon" size=${14} />${sleepText(fence)}</span>`}</span></button></li>`)}</ul>`}
    </div></section>`;
}
