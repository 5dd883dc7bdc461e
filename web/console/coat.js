// The coat of a detection: whom it looks like, both pictures with lines between the points that are alike, and its flank.
import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "./answer.js";
import { request } from "./api.js";
import { GAP, heightOf, linesOf, viewBoxOf, WIDE } from "./coat_pair.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { tellProblem } from "./notices.js";
import { largePicture, Thumbnail } from "./picture.js";
import { select, siteId } from "./store.js";
import { uuid7 } from "./uuid7.js";
import { at } from "./words.js";

const AGAIN_MS = 3_000;
const MOST_LINES = 24; // more hide the coats; the clearest points come first
const FLANKS = ["left", "right"];

/** Width and height of a picture as the browser has it; null before it is there. */
function useSize(medium) {
  const [size, setSize] = useState(null);
  useEffect(() => {
    let wanted = true;
    const image = new Image();
    setSize(null);
    image.onload = () => wanted && setSize({ width: image.naturalWidth, height: image.naturalHeight });
    image.src = largePicture(medium);
    return () => (wanted = false);
  }, [medium]);
  return size;
}

const CutOut = ({ chip, size, x }) => html`<svg x=${x} y="0" width=${WIDE} height=${heightOf(chip.box, size)} viewBox=${viewBoxOf(chip.box, size)} preserveAspectRatio="none">
  <image href=${largePicture(chip.medium)} width=${size.width} height=${size.height} preserveAspectRatio="none" /></svg>`;

function Pair({ chip, candidate }) {
  const here = useSize(chip.medium);
  const there = useSize(candidate.chip.medium);
  if (!here || !there) return html`<p class="muted">${t("loading")}</p>`;
  const other = candidate.chip;
  const high = Math.max(heightOf(chip.box, here), heightOf(other.box, there));
  const lines = linesOf(candidate.lines.slice(0, MOST_LINES), chip.box, here, other.box, there);
  return html`<svg class="coat-pair" role="img" aria-label=${t("coat.pair", { name: candidate.name, n: candidate.inliers })} viewBox=${`0 0 ${2 * WIDE + GAP} ${high}`}>
    <${CutOut} chip=${chip} size=${here} x=${0} /><${CutOut} chip=${other} size=${there} x=${WIDE + GAP} />
    ${lines.map((line, place) => html`<line key=${place} class="coat-line" ...${line} />`)}</svg>
    <p class="muted">${at(chip.observed_at)} · ${at(other.observed_at)}</p>`;
}

/** Chips of an individual that people recognised, the newest first. */
export function CoatGallery({ individual, name }) {
  const { answer } = useAnswer(`/sites/${siteId.value}/individuals/${individual}/gallery`);
  if (!answer || !answer.chips.length) return null;
  return html`<h4>${t("coat.gallery", { name })}</h4><ol class="strip">${answer.chips.map((one) => html`<li key=${one.id}>
    <button class="strip-one" title=${`${t(`coat.${one.flank}`)} · ${at(one.observed_at)}`} aria-label=${`${t(`coat.${one.flank}`)}, ${at(one.observed_at)}`} onClick=${() => select("detection", one.observation)}>
      <${Thumbnail} medium=${one.medium} /></button></li>`)}</ol>`;
}

function Flanks({ item, chip, set }) {
  const say = (flank) => request("POST", `/sites/${siteId.peek()}/detections/${item.id}/coat/flank`, { body: { id: uuid7(), flank: chip.flank === flank ? null : flank } }).then(set).catch(tellProblem);
  return html`<div class="actions" role="group" aria-label=${t("coat.flank")}><span>${t("coat.flank")}</span>${FLANKS.map((flank) => html`<button key=${flank} aria-pressed=${String(chip.flank === flank)} onClick=${() => say(flank)}>${t(`coat.${flank}`)}</button>`)}</div>
    ${chip.flank === null && html`<p class="hint">${t("coat.say")}</p>`}`;
}

/** Nothing where no coat was cut from a picture. */
export function CoatDesk({ item }) {
  const { answer, set, again } = useAnswer(`/sites/${siteId.value}/detections/${item.id}/coat`, [item.individual]);
  const [chosen, setChosen] = useState(null);
  const waits = answer?.chip && !answer.compared;
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setTimeout(again, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [answer]);
  if (!answer?.chip) return null;
  const best = answer.candidates.find(({ individual }) => individual === answer.individual);
  const shown = answer.candidates.find(({ individual }) => individual === chosen) ?? best ?? answer.candidates[0];
  return html`<section aria-label=${t("coat.title")}><h3>${t("coat.title")}</h3>
    <p title=${answer.reasons.join("; ")}>${waits ? t("coat.pending") : t(`coat.${answer.proposal}`, { name: best?.name ?? "?" })}</p>
    <${Flanks} item=${item} chip=${answer.chip} set=${set} />
    ${answer.candidates.length > 0 && html`<ul class="rows">${answer.candidates.map((one) => html`<li key=${one.individual}><button class=${one === shown ? "row row-chosen" : "row"} aria-current=${one === shown ? "true" : null} onClick=${() => setChosen(one.individual)}>
      <span class="row-name">${one.name}</span><span class="muted row-figure">${t("coat.points", { n: one.inliers })}</span></button></li>`)}</ul>
      <p class="hint">${t("coat.basis")}</p>`}
    ${shown?.chip && html`<${Pair} key=${`${answer.chip.id} ${shown.chip.id}`} chip=${answer.chip} candidate=${shown} />`}
    ${shown && html`<${CoatGallery} key=${shown.individual} individual=${shown.individual} name=${shown.name} />`}
  </section>`;
}
