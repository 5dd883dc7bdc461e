// At which fences a subject is, and how sure that is: live and in the past.
import { useEffect, useState } from "preact/hooks";
import { get } from "./api.js";
import { Bar } from "./bar.js";
import { fences } from "./fences.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { isLive, pastAt } from "./moment.js";
import { select, siteId } from "./store.js";
import { Failed, Loading } from "./states.js";
import { far, percent } from "./words.js";

const SHOWN = 6;
const PAUSE_MS = 300; // while the time bar is dragged only the last moment is asked for
const INSIDE = 0.95;
const OUTSIDE = 0.05;

/** The answer for the moment on screen: {found, problem}. */
function useFencesNear(item) {
  const [answer, setAnswer] = useState({ found: null, problem: null });
  const at = isLive.value ? null : pastAt.value;
  const placed = `${item.longitude} ${item.latitude} ${item.observed_at}`;
  const version = fences.value;
  const [again, setAgain] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const path = `/sites/${siteId.peek()}/subjects/${item.id}/fences${at === null ? "" : `?at=${new Date(at).toISOString()}`}`;
    const timer = setTimeout(() => get(path, abort.signal)
      .then((found) => setAnswer({ found, problem: null }))
      .catch((problem) => problem.name !== "AbortError" && setAnswer({ found: null, problem })), answer.found ? PAUSE_MS : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [item.id, at, placed, version, again]);
  return { ...answer, retry: () => setAgain(again + 1) };
}

function words(one, generalised) {
  const values = { fence: one.name, distance: far(Math.abs(one.distance_m)), chance: percent(one.probability ?? 0) };
  if (one.kind === "line") return t("inside.line", values);
  if (generalised && one.probability > 0) return t("inside.cell", { ...values, chance: one.probability === 1 ? t("inside.all") : values.chance });
  if (one.probability >= INSIDE) return t("inside.inside", values);
  if (one.probability > OUTSIDE) return t("inside.possibly", values);
  return t("inside.outside", values);
}

/** Which version of the fence this was worked out with, where it is not the one on the map. */
function when(one) {
  const now = fences.value.find((fence) => fence.id === one.fence);
  if (!isLive.value && one.drawn_later) return t("inside.drawn_later");
  if (!isLive.value && !now) return t("inside.gone");
  return !isLive.value && now.version !== one.version ? t("inside.as_it_was", { version: one.version }) : null;
}

function Row({ one, generalised }) {
  const [share, unsure] = [one.probability ?? 0, one.probability > OUTSIDE && one.probability < INSIDE];
  const border = one.kind === "area" && one.probability > OUTSIDE && !generalised && t("inside.border", { distance: far(Math.abs(one.distance_m)) });
  const past = when(one);
  const version = past && html`<span class="muted">${past}</span>`;
  return html`<li><button class="row inside-row" onClick=${() => select("fence", one.fence)}>
    ${share > OUTSIDE ? html`<${Bar} share=${share} possible=${unsure}>${words(one, generalised)} ${border && html`<span class="muted">${border}</span>`} ${version}<//>`
    : html`<span class="row-name">${words(one, generalised)} ${version}</span>`}</button></li>`;
}

export function Inside({ item }) {
  const { found, problem, retry } = useFencesNear(item);
  const [all, setAll] = useState(false);
  const items = found?.items ?? [];
  return html`<h3>${t("inside.title")}</h3>
    ${problem ? html`<${Failed} problem=${problem} again=${retry} />`
    : !found ? html`<${Loading} />`
    : !items.length ? html`<p class="muted">${t("inside.none")}</p>`
    : html`<ul class="rows inside">${items.slice(0, all ? items.length : SHOWN).map((one) => html`<${Row} key=${one.fence} one=${one} generalised=${found.generalised} />`)}</ul>
      ${found.generalised && html`<p class="hint">${t("inside.generalised", { distance: far(found.uncertainty_m) })}</p>`}
      ${items.length > SHOWN && !all && html`<button class="linklike" onClick=${() => setAll(true)}>${t("table.more", { n: items.length - SHOWN })}</button>`}`}`;
}
