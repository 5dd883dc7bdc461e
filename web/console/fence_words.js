// What a fence asks for, in words: the same on the list, in the table, in its panel and under an alert.
import { html } from "./html.js";
import { language, t, word } from "./i18n.js";
import { orNone, scheduleText } from "./schedule.js";
import { isArea, outlines } from "./shape.js";
import { asleep } from "./fences.js";
import { clockOf, far } from "./words.js";
import { sizeText } from "./map_tools.js";

/** What may raise an alert, in the order of the form. */
export const CROSSINGS = ["enter", "exit", "through", "possible_crossing", "present", "inside_at_start"];
export const WARNINGS = ["proximity", "approach"];
export const STAYS = ["dwell", "overdue"];
/** What cannot be asked of a line: nobody stays in one. */
const AREA_ONLY = new Set(["present", "inside_at_start", ...STAYS]);
export const ofShape = (triggers, area) => (area ? triggers : triggers.filter((trigger) => !AREA_ONLY.has(trigger)));

/** "enters", or of a line "crosses along the arrows". */
export const triggerText = (trigger, area) => (area ? word("trigger", trigger) : word("across", trigger) === trigger ? word("trigger", trigger) : word("across", trigger));
export const triggersText = (fence) => fence.triggers.map((trigger) => triggerText(trigger, isArea(fence.geometry))).join(", ");

/** A span of time in its largest whole unit: "36 h" is said as hours, 90 min as minutes. */
export function spanText(seconds) {
  const [size, unit] = [[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([size]) => seconds % size === 0) ?? [1, "second"];
  return new Intl.NumberFormat(language.value, { style: "unit", unit, unitDisplay: unit === "day" ? "long" : "short", maximumFractionDigits: 0 }).format(seconds / size);
}

export const scheduleWords = (schedule) => scheduleText(schedule, { language: language.value, t });

/** "sleeps, watches again 20:00", or nothing. */
export function sleepText(fence) {
  const sleeping = asleep(fence);
  if (!sleeping) return null;
  return sleeping.changes_at ? t("fence.wakes", { at: clockOf(sleeping.changes_at) }) : t("fence.sleeps");
}

const limits = (fence) => [
  fence.near_m && t("limit.near", { distance: far(fence.near_m) }),
  fence.approach_s && t("limit.approach", { span: spanText(fence.approach_s) }),
  fence.dwell_s && t("limit.dwell", { span: spanText(fence.dwell_s) }),
  fence.overdue_s && t("limit.overdue", { span: spanText(fence.overdue_s) }),
].filter(Boolean);

/** The rules of a fence as rows of a definition list. */
export function RuleFacts({ fence }) {
  const limit = limits(fence);
  return html`<dt>${t("fence.raised")}</dt><dd>${triggersText(fence)}</dd>
    ${limit.length > 0 && html`<dt>${t("fence.limits")}</dt><dd>${limit.map((text) => html`<div>${text}</div>`)}</dd>`}
    ${fence.warning_severity && html`<dt>${t("fence.warns")}</dt><dd>${word("severity", fence.warning_severity)}</dd>`}
    <dt>${t("fence.sure")}</dt><dd>${[word("sensitivity", fence.sensitivity ?? "balanced"), fence.band_m && t("limit.band", { distance: far(fence.band_m) })].filter(Boolean).join(", ")}</dd>
    ${fence.edges === "geodesic" && html`<dt>${t("fence.edges")}</dt><dd>${t("edges.geodesic")}</dd>`}
    <dt>${t("fence.when")}</dt><dd>${scheduleWords(fence.schedule)}</dd>
    <dt>${t("fence.watches")}</dt><dd>${fence.watches.length ? fence.watches.map((kind) => word("kinds", kind)).join(", ") : t("fence.everyone")}</dd>`;
}

/** The same without "Watches", for lists. */
const whenWatched = (schedule) => scheduleText(schedule, { language: language.value, t: (key, values) => (key === "schedule.sentence" ? values.when : t(key, values)) });

/** One line for lists: what raises, how near, when. */
export function shortFacts(fence) {
  return [triggersText(fence), fence.near_m && t("limit.near", { distance: far(fence.near_m) }), orNone(fence.schedule) && whenWatched(fence.schedule)].filter(Boolean).join(" · ");
}

export const shapeText = (geometry) => sizeText(isArea(geometry) ? geometry : null, outlines(geometry));
