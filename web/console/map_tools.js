// Buttons on the map, and the words that guide somebody who draws.
import { cancelDraft, closePolygon, corners, startDrawing, undoCorner } from "./fences.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { showSite, zoomBy } from "./map.js";
import { measured, toggleMeasure } from "./readout.js";
import { dialog, leftPanel, mayEdit } from "./store.js";
import { isLive } from "./moment.js";
import { Icon } from "../icons.js";

const Tool = ({ icon, label, pressed, onClick }) => html`<button class="tool" aria-label=${label} title=${label} aria-pressed=${pressed} onClick=${onClick}>
  <${Icon} name=${icon} /></button>`;

export function draw() {
  leftPanel.value = "fences";
  startDrawing();
}

export function MapTools() {
  return html`<div class="tools" role="toolbar" aria-label=${t("map.tools")}>
      <${Tool} icon="plus" label=${t("map.in")} onClick=${() => zoomBy(1)} />
      <${Tool} icon="minus" label=${t("map.out")} onClick=${() => zoomBy(-1)} />
      <${Tool} icon="target" label=${t("map.whole")} onClick=${showSite} />
      <${Tool} icon="ruler" label=${t("map.measure")} pressed=${measured.value !== null} onClick=${toggleMeasure} />
      ${mayEdit.value && isLive.value && html`<${Tool} icon="draw" label=${t("fence.draw")} pressed=${corners.value !== null} onClick=${() => (corners.value ? cancelDraft() : draw())} />`}
      <${Tool} icon="table" label=${t("table.open")} onClick=${() => (dialog.value = "table")} />
    </div>
    ${corners.value && html`<div class="guide" role="status">
      <span>${t("draw.guide", { n: corners.value.length })}</span>
      <button disabled=${!corners.value.length} onClick=${undoCorner}>${t("draw.undo")}</button>
      <button class="primary" disabled=${corners.value.length < 3} onClick=${closePolygon}>${t("draw.close")}</button>
      <button onClick=${cancelDraft}>${t("cancel")}</button>
    </div>`}`;
}
