// The right column: whatever is selected.
import { alertById } from "./alerts.js";
import { AlertDetail } from "./alert_detail.js";
import { DetectionDetail } from "./detection_detail.js";
import { corners, draft } from "./draft.js";
import { FenceDetail } from "./fence_detail.js";
import { FenceEditor } from "./fence_editor.js";
import { html } from "./html.js";
import { hypothesisById } from "./hypotheses.js";
import { HypothesisDetail } from "./hypothesis_detail.js";
import { t } from "./i18n.js";
import { flyTo } from "./map.js";
import { found } from "./near.js";
import { NearPanel } from "./near_panel.js";
import { noticedById } from "./review.js";
import { select, selection, site } from "./store.js";
import { shown } from "./subjects.js";
import { SubjectDetail } from "./subject_detail.js";
import { Situation } from "./situation.js";
import { Icon } from "../icons.js";

export function Detail() {
  const chosen = selection.value;
  const open = draft.value !== null || chosen !== null;
  return html`<aside class=${`side right ${open ? "side-open" : ""} ${corners.value ? "side-drawing" : ""}`} data-drill=${site.value?.drill ? t("drill.word") : null} aria-label=${t("detail.title")}>
    ${open && !draft.value && html`<button class="quiet side-close" aria-label=${t("close")} onClick=${() => select("", null)}><${Icon} name="close" size=${18} /></button>`}
    <div class="scroll">
      ${draft.value ? html`<${FenceEditor} key=${draft.value.id} />`
      : chosen?.type === "alert" ? html`<${AlertDetail} key=${chosen.id} id=${chosen.id} />`
      : chosen?.type === "subject" ? html`<${SubjectDetail} key=${chosen.id} id=${chosen.id} />`
      : chosen?.type === "detection" ? html`<${DetectionDetail} key=${chosen.id} id=${chosen.id} />`
      : chosen?.type === "hypothesis" ? html`<${HypothesisDetail} key=${chosen.id} id=${chosen.id} />`
      : chosen?.type === "fence" ? html`<${FenceDetail} key=${chosen.id} id=${chosen.id} />`
      : chosen?.type === "near" ? html`<${NearPanel} />`
      : html`<${Situation} />`}
    </div>
  </aside>`;
}

/** F: bring the selected thing into the middle of the map. */
export function flyToSelected() {
  const chosen = selection.value;
  const place = chosen?.type === "alert" ? alertById(chosen.id) : chosen?.type === "detection" ? noticedById(chosen.id) : chosen?.type === "subject" ? shown().get(chosen.id) : chosen?.type === "hypothesis" ? hypothesisById(chosen.id) : chosen?.type === "near" ? found.value?.answer : null;
  if (place?.longitude != null) flyTo(place);
}
