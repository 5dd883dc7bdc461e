// What a camera, a microphone or a person noticed: what, where, when, and whom it shows.
import { CoatDesk } from "./coat.js";
import { detectionIcon } from "./detections.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { IdentityDesk } from "./identity_desk.js";
import { flyTo } from "./map.js";
import { askNear } from "./near.js";
import { OnePicture } from "./pictures.js";
import { written } from "./readout.js";
import { noticedById } from "./review.js";
import { Empty } from "./states.js";
import { mayIdentify, select } from "./store.js";
import { shown, subjectsSlow } from "./subjects.js";
import { ago, at, chance, sure, zone } from "./words.js";
import { Icon } from "../icons.js";

const ANIMALS = "paw";

/** The camera or phone on the map that noticed it, if it is there. */
function station(item) {
  subjectsSlow.value;
  return item.device ? [...shown().values()].find((one) => one.device === item.device) : undefined;
}

export function DetectionDetail({ id }) {
  const item = noticedById(id);
  if (!item) return html`<${Empty} title=${t("detection.gone")}>${t("detection.gone_more")}<//>`;
  const icon = detectionIcon(item);
  const by = station(item);
  const place = item.longitude !== null;
  const about = () => askNear(item.generalised ? { longitude: item.longitude, latitude: item.latitude, at: item.observed_at } : { observation: item.id });
  return html`<article class="detail">
    <header class="detail-head"><span class="badge"><${Icon} name=${icon} size=${20} /></span>
      <div><p class="detail-kind">${t(`near.${item.kind}`)}</p><h2>${word("label", item.label)}${item.count > 1 ? ` × ${item.count}` : ""}</h2>
        ${item.scientific_name && html`<p class="species">${item.scientific_name}</p>`}</div></header>
    ${!item.generalised && html`<${OnePicture} key=${`picture ${id}`} medium=${item.media} />`}
    ${item.generalised && html`<p class="callout">${t("generalised.long")}</p>`}
    <dl class="facts">
      <dt>${t("fact.when")}</dt><dd><time datetime=${item.observed_at}>${at(item.observed_at)}</time> ${zone(item.observed_at)} · ${ago(item.observed_at)}</dd>
      ${place && html`<dt>${t("fact.where")}</dt><dd class="figures">${written(item.longitude, item.latitude)}</dd><dt>${t("fact.sure")}</dt><dd>${sure(item)}</dd>`}
      ${item.device && html`<dt>${t("fact.by")}</dt><dd>${by ? html`<button class="linklike" onClick=${() => select("subject", by.id)}>${by.name}</button>` : item.device}</dd>`}
      ${item.probability !== null && html`<dt>${t("fact.says")}</dt><dd>${word("label", item.label)}, ${chance(item.probability)}</dd>`}
    </dl>
    ${place && html`<div class="actions"><button onClick=${() => flyTo(item)}><${Icon} name="target" size=${16} />${t("fly")}<kbd>F</kbd></button>
      <button onClick=${about}><${Icon} name="near" size=${16} />${t("near.ask")}<kbd>W</kbd></button></div>`}
    ${icon === ANIMALS && mayIdentify.value && !item.generalised && html`<${IdentityDesk} key=${id} item=${item} /><${CoatDesk} key=${`coat ${id}`} item=${item} />`}
  </article>`;
}
