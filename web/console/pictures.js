// The pictures of a camera: small ones to choose from, the newest first, and the chosen one with what was seen in it.
import { useState } from "preact/hooks";
import { useAnswer } from "./answer.js";
import { query } from "./api.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { isLive, viewTimeCoarse } from "./moment.js";
import { Picture, Thumbnail } from "./picture.js";
import { Empty, Loading } from "./states.js";
import { siteId } from "./store.js";
import { atSecond } from "./words.js";

const AT_ONCE = 12;
const SPAN_MS = 30 * 86_400_000;

const IS_MEDIUM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The past shows what had been taken by then. */
function span() {
  if (isLive.value) return {};
  const until = viewTimeCoarse.value;
  return { from: new Date(until - SPAN_MS).toISOString(), to: new Date(until).toISOString() };
}

const seenIn = (item) => [...new Set(item.boxes.map(({ label }) => word("label", label)))].join(", ") || t(item.looked_by ? "pictures.nothing" : "pictures.waits");

function Small({ item, chosen, choose }) {
  const at = atSecond(item.taken_at ?? item.received_at);
  return html`<li><button class="picture-small" aria-current=${chosen ? "true" : null} aria-label=${t("pictures.one", { seen: seenIn(item), at })} title=${at} onClick=${choose}>
    ${item.picture ? html`<${Thumbnail} medium=${item.id} />` : html`<span class="muted">${t(`picture_state.${item.state}`)}</span>`}</button></li>`;
}

/** For whom it is: the hub says so of each picture, and writes down who read it. */
const original = (medium) => (told) => {
  if (!told.original) return null;
  return html`<p><a href=${`/api/v1/sites/${siteId.value}/media/${medium}/original`} target="_blank" rel="noopener">${t("pictures.original")}</a> <span class="muted">${t("pictures.original_noted")}</span></p>`;
};

/** One picture in a panel, with its original where the reader may have it. `medium`: what an observation names, which may be none of ours. */
export function OnePicture({ medium }) {
  if (!IS_MEDIUM.test(medium ?? "")) return null;
  return html`<div class="picture-one"><${Picture} medium=${medium} hidden=${false} below=${original(medium)} /></div>`;
}

export function Pictures({ device }) {
  const [after, setAfter] = useState(null);
  const [chosen, setChosen] = useState(null);
  const { answer, problem } = useAnswer(`/sites/${siteId.value}/media?${query({ device, limit: AT_ONCE, after, ...span() })}`);
  const items = answer?.items;
  return html`<h3>${t("pictures.title")}</h3>
    ${problem ? html`<${Empty} title=${t("pictures.failed")}>${problem.message}<//>` : !items ? html`<${Loading} />` : items.length === 0 ? html`<p class="muted">${t("pictures.none")}</p>`
    : html`<ul class="pictures">${items.map((item) => html`<${Small} key=${item.id} item=${item} chosen=${item.id === chosen} choose=${() => setChosen(item.id === chosen ? null : item.id)} />`)}</ul>`}
    ${items?.some(({ id }) => id === chosen) && html`<${OnePicture} medium=${chosen} />`}
    ${(after || answer?.next) && html`<div class="actions">${after && html`<button onClick=${() => setAfter(null)}>${t("pictures.newest")}</button>`}
      ${answer?.next && html`<button onClick=${() => setAfter(answer.next)}>${t("pictures.older")}</button>`}</div>`}`;
}
