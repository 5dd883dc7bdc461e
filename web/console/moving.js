// What a decision would change: how many sightings change owner, and how far whose track would move.
import { html } from "./html.js";
import { t } from "./i18n.js";
import { at, far } from "./words.js";

function Moved({ one }) {
  const ends = t(one.pieces_after ? "identity.begins" : "identity.ends");
  return html`<li class="evidence"><span>${t("roster.rests", { name: one.name, before: one.pieces_before, after: one.pieces_after })}</span>
    <span class="muted">${one.largest_shift_m === null ? ends : t("identity.shift", { distance: far(one.largest_shift_m), at: at(one.shift_at) })}</span></li>`;
}

export function Moving({ asked }) {
  return html`<p class="muted">${t("roster.changing", { n: asked.observations.length })}</p>
    ${asked.moved.length > 0 && html`<ul class="rows">${asked.moved.map((one) => html`<${Moved} key=${one.individual} one=${one} />`)}</ul>`}`;
}
