// Find anybody, any fence, any place, or a pair of coordinates (/).
import { useEffect, useRef, useState } from "preact/hooks";
import { queue, sentence } from "./alerts.js";
import { parsePlace } from "./coordinates.js";
import { fences } from "./fences.js";
import { layers } from "./feed.js";
import { html } from "./html.js";
import { language, t } from "./i18n.js";
import { flyTo, showExtent } from "./map.js";
import { Modal } from "./modal.js";
import { written } from "./readout.js";
import { dialog, select } from "./store.js";
import { iconOf, isCamera, shown } from "./subjects.js";
import { Icon } from "../icons.js";

const SHOWN = 12;

function* candidates() {
  for (const item of shown().values()) {
    yield { name: item.name, more: item.scientific_name, kind: t(`kind.${isCamera(item) ? "camera" : item.kind}`), icon: iconOf(item), go: () => (select("subject", item.id), item.longitude !== null && flyTo(item)) };
  }
  for (const alert of queue.value) yield { name: sentence(alert), kind: t("kind.alert"), icon: "alert", go: () => (select("alert", alert.id), flyTo(alert)) };
  for (const fence of fences.value) yield { name: fence.name, kind: t("kind.fence"), icon: "fence", go: () => (select("fence", fence.id), showExtent(fence.geometry)) };
  for (const layer of layers.value) {
    for (const { geometry, properties } of layer.geojson.features ?? []) {
      const name = properties?.[`name:${language.value}`] ?? properties?.name;
      if (name) yield { name, kind: layer.name, icon: "layers", go: () => showExtent(geometry) };
    }
  }
}

function find(text) {
  const wanted = text.trim().toLocaleLowerCase();
  if (!wanted) return [];
  const place = parsePlace(text);
  const found = place ? [{ name: written(...place), kind: t("search.place"), icon: "target", go: () => flyTo({ longitude: place[0], latitude: place[1] }) }] : [];
  for (const candidate of candidates()) {
    const name = `${candidate.name} ${candidate.more ?? ""}`.toLocaleLowerCase();
    if (name.includes(wanted)) found.push({ ...candidate, early: name.startsWith(wanted) ? 0 : 1 });
  }
  return found.sort((a, b) => (a.early ?? -1) - (b.early ?? -1)).slice(0, SHOWN);
}

export function Search() {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const input = useRef(null);
  useEffect(() => input.current.focus(), []);
  const found = find(text);
  const go = (one) => {
    dialog.value = null;
    one.go();
  };
  const keys = (key) => {
    if (key.key === "ArrowDown") setChosen(Math.min(found.length - 1, chosen + 1));
    else if (key.key === "ArrowUp") setChosen(Math.max(0, chosen - 1));
    else if (key.key === "Enter" && found[chosen]) go(found[chosen]);
    else return;
    key.preventDefault();
  };
  return html`<${Modal} title=${t("search")} kind="search">
    <input ref=${input} class="search-input" type="text" autocomplete="off" role="combobox" aria-expanded=${found.length > 0} aria-controls="found" aria-activedescendant=${found.length ? `found-${chosen}` : null}
      aria-label=${t("search.label")} placeholder=${t("search.label")} value=${text} onKeyDown=${keys} onInput=${(typed) => { setText(typed.target.value); setChosen(0); }} />
    <ul id="found" class="rows" role="listbox" aria-label=${t("search.found")}>${found.map((one, index) => html`<li key=${index} id=${`found-${index}`} role="option" aria-selected=${index === chosen} class=${`row ${index === chosen ? "row-chosen" : ""}`} onClick=${() => go(one)}>
      <${Icon} name=${one.icon} size=${16} /><span class="row-name">${one.name} ${one.more && html`<span class="species">${one.more}</span>`}</span><span class="muted row-figure">${one.kind}</span></li>`)}</ul>
    ${!found.length && html`<p class="hint">${t(text.trim() ? "search.none" : "search.hint")}</p>`}
  <//>`;
}
