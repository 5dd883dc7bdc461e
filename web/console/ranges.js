// Where an animal lives (home range) and where it was (occurrence): asked for by hand, since to read it is noted down.
import { useEffect, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { get } from "./api.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { siteId } from "./store.js";
import { Failed, Loading } from "./states.js";
import { hueOf } from "./subjects.js";
import { percent, wide } from "./words.js";
import { Icon } from "../icons.js";

const ENOUGH = 5; // independent positions, as the hub asks for

/** What the map draws: {id, features} of the animal that was asked about, or null. */
export const rangeShown = signal(null);

/** GeoJSON for the map: regions that have a geometry, the largest below. */
export function rangeFeatures() {
  const shown = rangeShown.value;
  return (shown?.features ?? []).filter((one) => one.geometry).map((one) => ({
    type: "Feature", geometry: one.geometry,
    properties: { product: one.properties.product, core: one.properties.probability <= 0.5, hue: hueOf(shown.id) },
  }));
}

function areaWords({ area_km2, area_low_km2, area_high_km2 }) {
  const [area, low, high] = [area_km2, area_low_km2, area_high_km2].map((km2) => (km2 === null ? null : wide(km2 * 1e6)));
  return low === null ? area : t("range.between", { area, low, high });
}

function Product({ found, product }) {
  const regions = found.features.filter((one) => one.properties.product === product);
  return regions.map(({ properties }) => html`<dt>${t(`range.${product}`, { share: percent(properties.probability) })}</dt>
    <dd class="figures">${areaWords(properties)}</dd>`);
}

function Answer({ found }) {
  if (!found.features.length) return html`<p class="muted">${t("range.none")}</p>`;
  return html`<dl class="facts"><${Product} found=${found} product="home_range" /><${Product} found=${found} product="occurrence" /></dl>
    ${found.refused && html`<p class="callout">${t("range.refused", { n: found.effective_size ?? 0, enough: ENOUGH })}</p>`}
    ${found.generalised && html`<p class="hint">${t("range.withheld")}</p>`}
    <p class="hint">${t(found.is_fitted ? "range.fitted" : "range.assumed")}</p>`;
}

/** Button and answer for one animal; what is drawn goes with the panel. */
export function Ranges({ id }) {
  const [answer, setAnswer] = useState(null);
  const asking = useRef(null);
  useEffect(() => () => {
    asking.current?.abort(); // an answer that comes late would stay on the map of somebody else
    rangeShown.value = null;
  }, [id]);
  const ask = () => {
    asking.current = new AbortController();
    setAnswer({ loading: true });
    get(`/sites/${siteId.peek()}/subjects/${id}/range`, asking.current.signal).then((found) => {
      setAnswer({ found });
      rangeShown.value = { id, features: found.features };
    }).catch((problem) => problem.name !== "AbortError" && setAnswer({ problem }));
  };
  const hide = () => {
    setAnswer(null);
    rangeShown.value = null;
  };
  return html`<h3>${t("range.title")}</h3>
    ${answer?.loading ? html`<${Loading} />` : answer?.problem ? html`<${Failed} problem=${answer.problem} again=${ask} />`
    : answer?.found ? html`<${Answer} found=${answer.found} />` : html`<p class="hint">${t("range.hint")}</p>`}
    <div class="actions">${answer?.found ? html`<button onClick=${hide}>${t("range.hide")}</button>`
    : !answer?.loading && html`<button onClick=${ask}><${Icon} name="range" size=${16} />${t("range.ask")}</button>`}</div>`;
}
