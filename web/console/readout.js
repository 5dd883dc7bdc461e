// Where the pointer is, how far it is from there to there, and whose map data this is.
import { computed, signal } from "@preact/signals";
import { decimal, distanceM, sexagesimal } from "./coordinates.js";
import { layers } from "./feed.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { lasting } from "./store.js";
import { far } from "./words.js";

export const pointer = signal(null);
/** Corners of the line being measured, or null. */
export const measured = signal(null);
const notation = lasting("coordinates", "dd");

/** Metres on the ground under one pixel in the middle of the map. */
export const metresPerPixel = signal(null);
const SCALE_PX = 110;

/** Largest 1, 2 or 5 times a power of ten that fits. */
export function roundLength(limit) {
  const power = 10 ** Math.floor(Math.log10(limit));
  return [5, 2, 1].find((digit) => digit * power <= limit) * power;
}

function ScaleBar() {
  if (metresPerPixel.value === null) return null;
  const metres = roundLength(metresPerPixel.value * SCALE_PX);
  return html`<span class="scale" title=${t("scale.title")} style=${{ width: `${metres / metresPerPixel.value}px` }}>${far(metres)}</span>`;
}

export const toggleMeasure = () => (measured.value = measured.value ? null : []);
export const addMeasured = (corner) => (measured.value = [...measured.value, corner]);

const lengthM = computed(() => (measured.value ?? []).slice(1).reduce((sum, corner, index) => sum + distanceM(measured.value[index], corner), 0));

export const written = (longitude, latitude) => (notation.value === "dms" ? sexagesimal : decimal)(longitude, latitude);

export function Readout() {
  const credits = [...new Set(layers.value.map((layer) => layer.credit).filter(Boolean)), "Natural Earth"];
  return html`<${ScaleBar} /><div class="readout">
    ${measured.value && html`<span class="readout-item strong">${measured.value.length < 2 ? t("measure.start") : t("measure.length", { distance: far(lengthM.value) })}</span>`}
    <button class="readout-item readout-place" title=${t("coordinates.switch")} onClick=${() => (notation.value = notation.value === "dms" ? "dd" : "dms")}>
      ${pointer.value ? written(...pointer.value) : notation.value === "dms" ? "° ′ ″" : t("coordinates.decimal")}
    </button>
    <span class="readout-item readout-credit">© ${credits.join(", ")}</span>
  </div>`;
}
