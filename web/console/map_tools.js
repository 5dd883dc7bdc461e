// Buttons on the map, and the words that guide somebody who draws.
import { canStepBack, cancelDraft, closeShape, corners, draft, draftCrossings, draftOutlines, drawArea, drawsArea, held, startDrawing, stepBack } from "./draft.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { showSite, zoomBy } from "./map.js";
import { drop } from "./map_drawing.js";
import { measured, toggleMeasure } from "./readout.js";
import { areaM2, fewest, lengthM, shapeOf } from "./shape.js";
import { dialog, leftPanel, mayEdit } from "./store.js";
import { isLive } from "./moment.js";
import { far, wide } from "./words.js";
import { Icon } from "../icons.js";

const Tool = ({ icon, label, pressed, onClick }) => html`<button class="tool" aria-label=${label} title=${label} aria-pressed=${pressed} onClick=${onClick}>
  <${Icon} name=${icon} /></button>`;

export function draw(area = true) {
  leftPanel.value = "fences";
  measured.value = null;
  startDrawing();
  drawArea(area);
}

/** "5.2 km², 9.1 km round", or the length of a line. */
export function sizeText(geometry, outlines) {
  const length = far(lengthM(outlines));
  return geometry ? t("shape.area", { area: wide(areaM2(geometry)), length }) : t("shape.line", { length });
}

const Kind = ({ area }) => html`<button class="pill" aria-pressed=${drawsArea.value === area} onClick=${() => drawArea(area)}><${Icon} name=${area ? "fence" : "line"} size=${16} />${t(area ? "shape.is_area" : "shape.is_line")}</button>`;

function Drawing() {
  const count = corners.value.length;
  const enough = count >= fewest(drawsArea.value);
  const size = count > 1 ? sizeText(drawsArea.value && count > 2 ? shapeOf(corners.value, true) : null, draftOutlines.value) : null;
  return html`<div class="guide" role="status">
    ${!draft.value.geometry && html`<span class="pills" role="group" aria-label=${t("shape.kind")}><${Kind} area=${true} /><${Kind} area=${false} /></span>`}
    <span>${t("draw.guide", { n: count })}${size && html` <span class="muted figures">${size}</span>`}</span>
    ${draftCrossings.value.length > 0 && html`<span class="guide-wrong"><${Icon} name="alert" size=${16} />${t("draw.crossed")}</span>`}
    <button disabled=${!count} onClick=${stepBack}>${t("draw.undo")}</button>
    <button class="primary" disabled=${!enough} onClick=${closeShape}>${t(drawsArea.value ? "draw.close" : "draw.finish")}</button>
    <button onClick=${() => (draft.value.geometry ? (corners.value = null) : cancelDraft())}>${t("cancel")}</button>
  </div>`;
}

function Changing() {
  return html`<div class="guide" role="status">
    <span>${held.value ? t("draw.corner", { n: held.value.corner + 1 }) : t("draw.change")}</span>
    ${held.value && html`<button onClick=${drop}>${t("draw.remove")}</button>`}
    <button disabled=${!canStepBack.value} onClick=${stepBack}>${t("draw.undo")}</button>
  </div>`;
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
    ${corners.value ? html`<${Drawing} />` : draft.value?.geometry && html`<${Changing} />`}`;
}
