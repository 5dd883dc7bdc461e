// The list of fences in the left column.
import { fences, fencesKnown, fencesProblem, loadFences } from "./fences.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { draw } from "./map_tools.js";
import { isLive } from "./moment.js";
import { mayEdit, narrowTab, select, selection } from "./store.js";
import { Empty, Failed, Loading } from "./states.js";
import { Icon, Shape } from "../icons.js";

export function FenceList() {
  const chosen = selection.value?.type === "fence" ? selection.value.id : null;
  const begin = () => {
    narrowTab.value = "map";
    draw();
  };
  return html`<section class="queue" aria-label=${t("fences.title")}>
    ${mayEdit.value && isLive.value && html`<div class="queue-tools"><button onClick=${begin}><${Icon} name="draw" size=${16} />${t("fence.draw")}</button></div>`}
    <div class="scroll">
      ${!fencesKnown.value && fencesProblem.value ? html`<${Failed} problem=${fencesProblem.value} again=${loadFences} />`
      : !fencesKnown.value ? html`<${Loading} />`
      : !fences.value.length ? html`<${Empty} title=${t("fences.empty")}>${t("fences.empty_more")}<//>`
      : html`<ul class="rows fence-rows">${fences.value.map((fence) => html`<li key=${fence.id}>
        <button class=${`row ${fence.id === chosen ? "row-chosen" : ""}`} aria-current=${fence.id === chosen ? "true" : null} onClick=${() => select("fence", fence.id)}>
          <${Shape} severity=${fence.severity} size=${18} /><span class="row-name">${fence.name}</span>
          <span class="muted row-figure">${fence.triggers.map((trigger) => t(`trigger.${trigger}`)).join(", ")}</span></button></li>`)}</ul>`}
    </div></section>`;
}
