// The shape of a draft in figures: how large, what is wrong with it, and every corner as coordinates.
import { useState } from "preact/hooks";
import { parsePlace } from "./coordinates.js";
import { canStepBack, corners, draft, draftCrossings, draftOutlines, dropCorner, held, isAreaDraft, placeCorner, redraw, reshape, splitEdge, stepBack } from "./draft.js";
import { Group } from "./group.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { flyTo } from "./map.js";
import { sizeText } from "./map_tools.js";
import { tell } from "./notices.js";
import { written } from "./readout.js";
import { edges, fewest, middle, turnedRound } from "./shape.js";
import { Icon } from "../icons.js";

const PAGE = 50;
/** Half a kilometre beyond the end of a line: where a corner goes that is put after its last one. */
const BEYOND_DEG = 0.005;

export function ShapeTools({ drawn }) {
  if (!drawn) return null;
  const found = draftOutlines.value;
  const count = found.reduce((sum, { corners: own }) => sum + own.length, 0);
  return html`<section class="shape-facts"><p><span class="figures">${sizeText(isAreaDraft.value ? draft.value.geometry : null, found)}</span> <span class="muted">${t("shape.corners", { n: count })}</span></p>
    ${draftCrossings.value.length > 0 && html`<p class="callout callout-warning" role="alert">${t("draw.crossed_long")}
      <button type="button" class="linklike" onClick=${() => flyTo({ longitude: draftCrossings.value[0][0], latitude: draftCrossings.value[0][1] })}>${t("fence.show_wrong")}</button></p>`}
    ${!isAreaDraft.value && html`<p class="hint">${t("shape.arrows")}</p>`}
    <div class="actions"><button type="button" onClick=${redraw}><${Icon} name="draw" size=${16} />${t("fence.redraw")}</button>
      ${!isAreaDraft.value && html`<button type="button" onClick=${() => reshape(turnedRound(draft.value.geometry))}><${Icon} name="turn" size=${16} />${t("shape.turn")}</button>`}
      <button type="button" disabled=${!canStepBack.value} onClick=${stepBack}>${t("draw.undo")}</button></div></section>`;
}

/** A corner as text: written as everywhere else, read as people paste it. */
function Place({ at, place, label }) {
  const [text, setText] = useState(null);
  const wrong = text !== null && parsePlace(text) === null;
  const put = () => {
    const found = text === null ? null : parsePlace(text);
    if (found) {
      placeCorner(at, found);
      setText(null);
    }
  };
  return html`<input class="figures corner-place" aria-label=${label} aria-invalid=${wrong} spellcheck="false" value=${text ?? written(...place)} onFocus=${() => (held.value = at)}
    onInput=${(typed) => setText(typed.target.value)} onChange=${put} onKeyDown=${(key) => key.key === "Enter" && (key.preventDefault(), put())} />`;
}

function Corner({ at, place, outline }) {
  const chosen = held.value?.outline === at.outline && held.value.corner === at.corner;
  const number = at.corner + 1;
  const next = edges(outline)[at.corner];
  const add = () => splitEdge(at, next ? middle(next) : [place[0] + BEYOND_DEG, place[1]]);
  const drop = () => dropCorner(at) || tell(t(fewest(outline.closed) > 2 ? "draw.three" : "draw.two"), "warning");
  return html`<li class=${chosen ? "corner corner-chosen" : "corner"}>
    <button type="button" class="quiet corner-number" aria-label=${t("corner.show", { n: number })} title=${t("corner.show", { n: number })} aria-pressed=${chosen} onClick=${() => { held.value = at; flyTo({ longitude: place[0], latitude: place[1] }); }}>${number}</button>
    <${Place} at=${at} place=${place} label=${t("corner.place", { n: number })} />
    <button type="button" class="quiet" aria-label=${t("corner.add", { n: number })} title=${t("corner.add", { n: number })} onClick=${add}><${Icon} name="plus" size=${16} /></button>
    <button type="button" class="quiet" aria-label=${t("corner.remove", { n: number })} title=${t("corner.remove", { n: number })} onClick=${drop}><${Icon} name="close" size=${16} /></button></li>`;
}

/** All corners as a table: whoever cannot or does not want to drag them types. */
export function Corners() {
  const [shown, setShown] = useState(PAGE);
  const all = draftOutlines.value.flatMap((outline, number) => outline.corners.map((place, corner) => ({ at: { outline: number, corner }, place, outline })));
  const several = draftOutlines.value.length > 1;
  return html`<${Group} title=${t("corner.title")} now=${t("shape.corners", { n: all.length })}>
    <p class="hint">${t("corner.hint")}</p>
    <ol class="corners">${all.slice(0, shown).map((one, index) => html`
      ${several && one.at.corner === 0 && html`<li class="corner-part muted">${t("corner.part", { n: one.at.outline + 1 })}</li>`}
      <${Corner} key=${`${one.at.outline} ${one.at.corner} ${all.length}`} ...${one} />`)}</ol>
    ${all.length > shown && html`<button type="button" class="linklike" onClick=${() => setShown(shown + PAGE)}>${t("table.more", { n: Math.min(PAGE, all.length - shown) })}</button>`}<//>`;
}
