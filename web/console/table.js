// Everything on the map as a table (T), for readers who cannot or do not want to use the map.
import { useState } from "preact/hooks";
import { queue, sentence } from "./alerts.js";
import { detectionsAt } from "./detections.js";
import { extent } from "./coordinates.js";
import { fences } from "./fences.js";
import { shortFacts, sleepText } from "./fence_words.js";
import { html } from "./html.js";
import { language, t, word } from "./i18n.js";
import { flyTo, showExtent } from "./map.js";
import { Modal } from "./modal.js";
import { viewTimeCoarse } from "./moment.js";
import { written } from "./readout.js";
import { dialog, select } from "./store.js";
import { iconOf, isCamera, shown, subjectsSlow } from "./subjects.js";
import { Empty } from "./states.js";
import { ago, at, sure } from "./words.js";
import { Icon } from "../icons.js";

const PAGE = 100;
const KINDS = ["alert", "individual", "person", "vehicle", "camera", "place", "device", "detection", "fence"];

function rows() {
  subjectsSlow.value;
  return [
    ...queue.value.map((alert) => ({ ...alert, row: "alert", type: "alert", icon: "alert", name: sentence(alert), note: `${word("severity", alert.severity)} · ${word("state", alert.state)}`, time: alert.occurred_at })),
    ...[...shown().values()].map((item) => ({ ...item, row: isCamera(item) ? "camera" : item.kind, type: "subject", icon: iconOf(item), note: item.state === "silent" ? t("state.silent") : sure(item), time: item.observed_at })),
    ...detectionsAt(viewTimeCoarse.value).map((item) => ({ ...item, row: "detection", type: null, icon: "eye", name: word("label", item.label), note: item.scientific_name ?? "", time: item.observed_at })),
    ...fences.value.map((fence) => {
      const [west, south, east, north] = extent(fence.geometry) ?? [0, 0, 0, 0];
      return { ...fence, row: "fence", type: "fence", icon: "fence", note: [word("severity", fence.severity), sleepText(fence), shortFacts(fence)].filter(Boolean).join(" · "), time: fence.recorded_at, longitude: (west + east) / 2, latitude: (south + north) / 2 };
    }),
  ];
}

const SORTS = {
  name: (a, b) => String(a.name).localeCompare(String(b.name), language.value, { numeric: true }),
  kind: (a, b) => KINDS.indexOf(a.row) - KINDS.indexOf(b.row),
  time: (a, b) => Date.parse(b.time ?? 0) - Date.parse(a.time ?? 0),
};

export function FeatureTable() {
  const [kind, setKind] = useState("");
  const [text, setText] = useState("");
  const [sort, setSort] = useState("kind");
  const [limit, setLimit] = useState(PAGE);
  const all = rows();
  const wanted = text.toLocaleLowerCase();
  const found = all.filter((row) => (!kind || row.row === kind) && (!wanted || String(row.name).toLocaleLowerCase().includes(wanted))).sort(SORTS[sort]);
  const open = (row) => {
    dialog.value = null;
    if (row.type) select(row.type, row.id);
    if (row.type === "fence") showExtent(row.geometry);
    else if (row.longitude !== null) flyTo(row);
  };
  const heading = (name, label) => html`<th scope="col" aria-sort=${sort === name ? "ascending" : "none"}><button class="linklike" onClick=${() => setSort(name)}>${label}</button></th>`;
  return html`<${Modal} title=${t("table.title")} kind="table">
    <div class="table-tools">
      <label class="field"><span>${t("table.filter")}</span><input type="search" value=${text} onInput=${(typed) => setText(typed.target.value)} /></label>
      <label class="field"><span>${t("table.kind")}</span><select value=${kind} onChange=${(pick) => setKind(pick.target.value)}><option value="">${t("table.all")}</option>
        ${KINDS.map((one) => html`<option value=${one}>${t(`kinds.${one}`)}</option>`)}</select></label>
      <span class="muted table-count">${t("table.count", { n: found.length })}</span>
    </div>
    <div class="table-scroll" tabindex="0" role="region" aria-label=${t("table.title")}><table>
      <thead><tr>${heading("kind", t("table.kind"))}${heading("name", t("table.name"))}${heading("time", t("table.time"))}<th scope="col">${t("table.place")}</th><th scope="col">${t("table.note")}</th></tr></thead>
      <tbody>${found.slice(0, limit).map((row) => html`<tr key=${row.row + row.id}>
        <td><span class="with-icon"><${Icon} name=${row.icon} size=${16} />${t(`kind.${row.row}`)}</span></td>
        <td><button class="linklike" onClick=${() => open(row)}>${row.name}</button></td>
        <td class="figures">${row.time ? html`${at(row.time)} <span class="muted">${ago(row.time)}</span>` : "–"}</td>
        <td class="figures">${row.longitude === null ? "–" : written(row.longitude, row.latitude)}</td><td>${row.note}</td></tr>`)}</tbody>
    </table>${!found.length && html`<${Empty} title=${t("table.empty")}>${t("table.empty_more")}<//>`}</div>
    ${found.length > limit && html`<div class="actions"><button onClick=${() => setLimit(limit + PAGE)}>${t("table.more", { n: Math.min(PAGE, found.length - limit) })}</button></div>`}
  <//>`;
}
