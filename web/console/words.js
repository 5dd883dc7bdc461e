// Sentences that several panels need: times of the site, ages, distances, uncertainty.
import { distance, distanceM } from "./coordinates.js";
import { language, t } from "./i18n.js";
import { viewTime, viewTimeCoarse } from "./moment.js";
import { site } from "./store.js";
import { shown, subjectsSlow } from "./subjects.js";
import { age, clock, relative, shortTime, zoneName } from "./time.js";

export const here = () => ({ language: language.value, zone: site.value?.time_zone ?? "UTC" });
export const at = (time) => shortTime(time, viewTimeCoarse.value, here());
export const atSecond = (time) => clock(time, { ...here(), seconds: true });
/** Ages change every ten seconds, but are always counted to this very moment. */
export function ago(time) {
  viewTimeCoarse.value;
  return relative(time, viewTime.peek(), language.value);
}
export const zone = (time) => zoneName(time, here());
export const old = (seconds) => age(seconds, language.value);
export const far = (metres) => distance(metres, language.value);

/** The clock of the site, with the day where it is another one. */
export const clockOf = (time) => shortTime(time, viewTimeCoarse.peek(), here());

const KM2 = 1_000_000;
/** An area: "3.1 ha", "12 km²". */
export function wide(squareMetres) {
  const number = (value) => new Intl.NumberFormat(language.value, { maximumFractionDigits: value < 20 ? 1 : 0 }).format(value);
  return squareMetres < KM2 ? t("area.ha", { n: number(squareMetres / 10_000) }) : t("area.km2", { n: number(squareMetres / KM2) });
}

/** How sure we are of a place, in words. */
export function sure(item) {
  if (item.generalised) return t("place.generalised", { distance: far(item.uncertainty_m ?? 0) });
  if (item.ellipse) return t("place.ellipse", { major: far(item.ellipse.semi_major_m), minor: far(item.ellipse.semi_minor_m) });
  return item.uncertainty_m ? t("place.within", { distance: far(item.uncertainty_m) }) : t("place.unsure");
}

const LIKELY = 0.8;

/** "82 %"; nothing that was measured is ever said to be quite sure. */
export function percent(share) {
  const format = (value) => new Intl.NumberFormat(language.value, { style: "percent" }).format(value);
  return share > 0.99 ? t("percent.over", { percent: format(0.99) }) : share > 0 && share < 0.01 ? t("percent.under", { percent: format(0.01) }) : format(share);
}

/** A probability as people say it: "likely, 85%". */
export const chance = (probability) => t(probability < LIKELY ? "chance.possible" : "chance.likely", { percent: percent(probability) });

/** People and vehicles that are heard, nearest first: [{item, metres}]. */
export function nearestPatrols(place, count = 3) {
  subjectsSlow.value;
  return [...shown().values()]
    .filter((item) => (item.kind === "person" || item.kind === "vehicle") && item.state !== "silent" && item.longitude !== null && item.id !== place.subject?.id)
    .map((item) => ({ item, metres: distanceM([place.longitude, place.latitude], [item.longitude, item.latitude]) }))
    .sort((a, b) => a.metres - b.metres)
    .slice(0, count);
}
