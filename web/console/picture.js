// One picture with the boxes that a model drew, and a strip of those taken just before and after.
import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "./answer.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { siteId } from "./store.js";
import { atSecond, percent } from "./words.js";

const LARGE_PX = 1600;
const SMALL_PX = 240;
const SHOWN_FROM = 0.2;

/** Where a picture is: persons are pixelated by the hub. */
const pictureUrl = (medium, width) => `/api/v1/sites/${siteId.peek()}/media/${medium}/picture?width=${width}`;
export const largePicture = (medium) => pictureUrl(medium, LARGE_PX);

/** A small one, as a part of something that has a name. */
export const Thumbnail = ({ medium }) => html`<img src=${pictureUrl(medium, SMALL_PX)} alt="" loading="lazy" />`;

function Boxes({ item, hidden }) {
  const shown = hidden ? [] : item.boxes.filter(({ probability }) => probability >= SHOWN_FROM);
  return html`<svg class="boxes" viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
    ${shown.map((box, place) => html`<rect key=${place} class=${`box box-${box.label}`} x=${box.x * 1000} y=${box.y * 1000} width=${box.width * 1000} height=${box.height * 1000} />`)}</svg>
    ${shown.map((box, place) => html`<span key=${place} class="box-label" style=${`left: ${box.x * 100}%; top: ${box.y * 100}%`}>${word("label", box.label)} ${percent(box.probability)}</span>`)}`;
}

/** A picture as large as there is room. `hidden`: what the machine saw is not shown yet. `below`: what follows from what the hub tells of it. */
export function Picture({ medium, hidden, below }) {
  const { answer, problem } = useAnswer(`/sites/${siteId.value}/media/${medium}`);
  const [failed, setFailed] = useState(false);
  useEffect(() => setFailed(false), [medium]);
  const item = answer?.item ?? null;
  const missing = failed || problem || (item && !item.picture);
  return html`<figure class="picture">
    ${missing ? html`<p class="blank">${t("picture.missing")}</p>`
    : html`<div class="picture-frame"><img src=${largePicture(medium)} alt=${item ? t("picture.alt", { at: atSecond(item.taken_at ?? item.received_at) }) : t("loading")} onError=${() => setFailed(true)} />
      ${item && html`<${Boxes} item=${item} hidden=${hidden} />`}</div>`}
    <figcaption class="muted">${item && html`<time datetime=${item.taken_at}>${item.taken_at ? atSecond(item.taken_at) : t("picture.no_time")}</time>${item.device ? ` · ${item.device}` : ""}`}</figcaption>
  </figure>${below && answer && below(answer)}`;
}

/** Small pictures to choose from; the chosen one is at the middle. */
export const Strip = ({ media, chosen, choose }) => html`<ol class="strip" aria-label=${t("picture.strip")}>${media.map((medium, place) => html`<li key=${medium}>
  <button class="strip-one" aria-current=${medium === chosen ? "true" : null} aria-label=${t("picture.of", { n: place + 1, all: media.length })} onClick=${() => choose(medium)}>
    <${Thumbnail} medium=${medium} /></button></li>`)}</ol>`;

/** The browser fetches it now, so that it is there when it is wanted. */
export function fetchAhead(media) {
  for (const medium of media) new Image().src = largePicture(medium);
}
