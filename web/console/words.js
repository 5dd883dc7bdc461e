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

/** How sure we are of a place, in words. */
export function sure(item) {
  if (item.generalised) return t("place.generalised", { distance: far(item.uncertainty_m ?? 0) });
  if (item.ellipse) return t("place.ellipse", { major: far(item.ellipse.semi_major_m), minor: far(item.ellipse.semi_minor_m) });
  return item.uncertainty_m ? t("place.within", { distance: far(item.uncertainty_m) }) : t("place.unsure");
}

const LIKELY = 0.8;

/** A probability as people say it: "likely, 85%". */
export const chance = (probability) =>
  t(probability < LIKELY ? "chance.possible" : "chance.likely", { percent: new Intl.NumberFormat(language.value, { style: "percent" }).format(probability) });

/** People and vehicles that are heard, nearest first: [{item, metres}]. */
export function nearestPatrols(place, count = 3) {
  subjectsSlow.value;
  return [...shown().values()]
    .filter((item) => (item.kind === "person" || item.kind === "vehicle") && item.state !== "silent" && item.longitude !== null && item.id !== place.subject?.id)
    .map((item) => ({ item, metres: distanceM([place.longitude, place.latitude], [item.longitude, item.latitude]) }))
    .sort((a, b) => a.metres - b.metres)
    .slice(0, count);
}
