// An animal, a person, a vehicle, a camera: where it is, how sure we are, what it did lately.
import { useEffect, useState } from "preact/hooks";
import { alerts, sentence } from "./alerts.js";
import { get, list } from "./api.js";
import { Bar } from "./bar.js";
import { Behaviour } from "./behaviour.js";
import { CoatGallery } from "./coat.js";
import { CameraClock } from "./camera_clock.js";
import { CameraHealth } from "./camera_health.js";
import { detectionsAt } from "./detections.js";
import { referenceVersion } from "./feed.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { Inside } from "./inside.js";
import { flyTo } from "./map.js";
import { askAboutSelected } from "./near.js";
import { isLive, viewTimeCoarse } from "./moment.js";
import { Pictures } from "./pictures.js";
import { written } from "./readout.js";
import { Ranges } from "./ranges.js";
import { RosterDesk } from "./roster_desk.js";
import { mayIdentify, select, siteId } from "./store.js";
import { ageS, hueOf, iconOf, isCamera, shown, subjectsKnown, subjectsSlow } from "./subjects.js";
import { Empty, Loading } from "./states.js";
import { lastFixes, trackOf, tracksVersion } from "./tracks.js";
import { at, ago, chance, far, old, percent, sure, zone } from "./words.js";
import { Icon, Shape } from "../icons.js";

const FIXES = 8;
const NOTICED = 24;

/** Deployments of this carrier with their devices; null while on their way. */
function useDeployments(id) {
  const [found, setFound] = useState(null);
  const version = referenceVersion.value;
  useEffect(() => {
    let wanted = true;
    const root = `/sites/${siteId.peek()}`;
    Promise.all([list(`${root}/deployments`), list(`${root}/devices`)])
      .then(([deployments, devices]) => {
        const byId = new Map(devices.map((device) => [device.id, device]));
        if (wanted) setFound(deployments.filter((one) => one.carrier === id).map((one) => ({ ...one, device: byId.get(one.device) ?? { id: one.device, key: one.device } })));
      })
      .catch(() => wanted && setFound([])); // a reader without the right to see them sees none
    return () => (wanted = false);
  }, [id, version]);
  return found;
}

/** Devices of deployments that have not ended; null while on their way. */
const inService = (found) => found?.filter((one) => !one.valid_to).map((one) => one.device) ?? null;

function useRecord(item) {
  const [record, setRecord] = useState(null);
  const noun = { individual: "individuals" }[item?.kind];
  useEffect(() => {
    let wanted = true;
    setRecord(null);
    if (noun) get(`/sites/${siteId.peek()}/${noun}/${item.id}`).then((found) => wanted && setRecord(found)).catch(() => {});
    return () => (wanted = false);
  }, [item?.id, noun]);
  return record;
}

/** Of a point that is only probably this animal's: how probably, and what its coat says. */
function Sharing({ fix, track }) {
  if (fix.share >= 1) return null;
  const told = track.shared?.find((one) => one.observation === fix.observation);
  const log = told?.why?.appearance ?? 0;
  const coat = Math.abs(log) > Math.log(1.5) ? t(log > 0 ? "reason.for" : "reason.against", { what: t("term.appearance"), ratio: Math.round(Math.exp(Math.min(Math.abs(log), Math.log(1000)))) }) : null;
  return html`<p class="muted"><${Bar} share=${fix.share}>${t("share.says", { chance: percent(fix.share) })}<//>
    ${[coat, told?.status === "provisional" && t("share.provisional")].filter(Boolean).join(" · ")}
    ${told && html` <button class="linklike" onClick=${() => select("detection", fix.observation)}>${t("share.who")}</button>`}</p>`;
}

function Fixes({ id }) {
  tracksVersion.value, subjectsSlow.value;
  const track = trackOf(id);
  const fixes = track ? lastFixes(track.points, FIXES) : [];
  return html`<h3>${t("fixes.title")}</h3>
    ${fixes.length ? html`<ol class="rows">${fixes.map((fix) => html`<li key=${fix.time}><button class="row" onClick=${() => flyTo(fix)}>
      <time class="row-time" datetime=${new Date(fix.time).toISOString()}>${at(fix.time)}</time><span class="figures row-name">${written(fix.longitude, fix.latitude)}</span>
      <span class="muted row-figure">${fix.semi_major_m ? `± ${far(fix.semi_major_m)}` : ""}</span></button><${Sharing} fix=${fix} track=${track} /></li>`)}</ol>`
    : html`<p class="muted">${t("fixes.none")}</p>`}`;
}

function Deployments({ found }) {
  return html`<h3>${t("deployments.title")}</h3>
    ${found === null ? html`<${Loading} />` : found.length ? html`<ul class="rows">${found.map((one) => html`<li key=${one.id} class="evidence">
      <span>${one.device.name || one.device.key} ${one.device.model && html`<span class="muted">${one.device.model}</span>`}</span>
      <span class="muted">${one.valid_from ? t("deployments.since", { at: at(one.valid_from) }) : t("deployments.always")}${one.valid_to ? ` · ${t("deployments.until", { at: at(one.valid_to) })}` : ""}</span></li>`)}</ul>`
    : html`<p class="muted">${t("deployments.none")}</p>`}`;
}

function Seen({ found }) {
  const devices = new Set((found ?? []).map((one) => one.device.id).concat((found ?? []).map((one) => one.device.key)));
  const seen = detectionsAt(viewTimeCoarse.value).filter((item) => devices.has(item.device)).slice(0, NOTICED);
  return html`<h3>${t("seen.title")}</h3>
    ${seen.length ? html`<ul class="rows">${seen.map((item) => html`<li key=${item.id}><button data-detection=${item.id} class="row evidence" onClick=${() => select("detection", item.id)}><span>${item.individual ?? item.scientific_name ?? word("label", item.label)}${item.count > 1 ? ` × ${item.count}` : ""}
        ${item.probability !== null && html` <span class="muted">${chance(item.probability)}</span>`}</span>
      <time class="muted" datetime=${item.observed_at}>${at(item.observed_at)} · ${ago(item.observed_at)}</time></button></li>`)}</ul>`
    : html`<p class="muted">${t("seen.none")}</p>`}`;
}

function OpenAlerts({ id }) {
  const own = [...alerts.value.values()].filter((alert) => alert.subject.id === id);
  if (!own.length || !isLive.value) return null;
  return html`<h3>${t("alerts.title")}</h3><ul class="rows">${own.map((alert) => html`<li key=${alert.id}><button class="row" onClick=${() => select("alert", alert.id)}>
    <${Shape} severity=${alert.severity} size=${16} /><span class="row-name">${sentence(alert)}</span><span class="muted row-figure">${at(alert.occurred_at)}</span></button></li>`)}</ul>`;
}

export function SubjectDetail({ id }) {
  subjectsSlow.value;
  const item = shown().get(id);
  const found = useDeployments(id);
  const record = useRecord(item);
  if (!item) return subjectsKnown.value ? html`<${Empty} title=${t("subject.gone")}>${t("subject.gone_more")}<//>` : html`<${Loading} />`;
  const place = item.longitude !== null;
  const kind = isCamera(item) ? "camera" : item.kind;
  return html`<article class="detail">
    <header class="detail-head">
      <span class=${`badge ${item.kind === "individual" ? `hue-${hueOf(id)}` : ""}`}><${Icon} name=${iconOf(item)} size=${20} /></span>
      <div><p class="detail-kind">${t(`kind.${kind}`)}${item.state === "silent" ? ` · ${t("state.silent")}` : ""}</p><h2>${item.name}</h2>
        ${item.scientific_name && html`<p class="species">${item.scientific_name}</p>`}</div>
    </header>
    ${item.generalised && html`<p class="callout">${t("generalised.long")}</p>`}
    ${item.state === "silent" && html`<p class="callout">${item.observed_at ? t("silent.long", { age: old(ageS(item, viewTimeCoarse.value)) }) : t("silent.never")}</p>`}
    <dl class="facts">
      <dt>${t("fact.heard")}</dt><dd>${item.observed_at ? html`<time datetime=${item.observed_at}>${at(item.observed_at)}</time> ${zone(item.observed_at)} · ${ago(item.observed_at)}` : t("situation.never")}</dd>
      ${place && html`<dt>${t("fact.where")}</dt><dd class="figures">${written(item.longitude, item.latitude)}</dd><dt>${t("fact.sure")}</dt><dd>${sure(item)}</dd>`}
      ${record && html`<dt>${t("fact.about")}</dt><dd>${[word("sex", record.sex), record.life_stage && word("life", record.life_stage), record.sensitive && t("sensitive")].filter(Boolean).join(" · ")}</dd>`}
    </dl>
    ${place && html`<div class="actions"><button onClick=${() => flyTo(item)}><${Icon} name="target" size=${16} />${t("fly")}<kbd>F</kbd></button>
      <button onClick=${() => askAboutSelected(null)}><${Icon} name="near" size=${16} />${t("near.ask")}<kbd>W</kbd></button></div>`}
    <${OpenAlerts} id=${id} />
    ${item.kind === "individual" && html`<${Behaviour} key=${`does ${id}`} id=${id} />`}
    ${place && html`<${Inside} key=${id} item=${item} />`}
    ${kind === "camera" && found?.length > 0 && html`<${Pictures} key=${`pictures ${id}`} device=${found[0].device.key} />`}
    ${kind === "camera" && isLive.value && mayIdentify.value && html`<${CameraHealth} key=${`health ${id}`} devices=${inService(found)} />`}
    ${kind === "camera" && isLive.value && mayIdentify.value && html`<${CameraClock} key=${`clock ${id}`} devices=${inService(found)} />`}
    ${kind === "camera" ? html`<${Seen} found=${found} />` : item.kind !== "place" && html`<${Fixes} id=${id} />`}
    ${item.kind === "individual" && isLive.value && mayIdentify.value && html`<${CoatGallery} key=${`coat ${id}`} individual=${id} name=${item.name} />`}
    ${item.kind === "individual" && isLive.value && mayIdentify.value && html`<${RosterDesk} key=${`roster ${id}`} id=${id} species=${item.scientific_name} />`}
    ${item.kind === "individual" && html`<${Ranges} key=${`range ${id}`} id=${id} />`}
    <${Deployments} found=${found} />
  </article>`;
}
