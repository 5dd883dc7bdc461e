// Times as people read them: absolute in the site's zone, and relative.
const formats = new Map();

function format(language, zone, options) {
  const key = `${language}|${zone}|${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { timeZone: zone, hourCycle: "h23", ...options }));
  return formats.get(key);
}

const HM = { hour: "2-digit", minute: "2-digit" };

export const milliseconds = (time) => (typeof time === "number" ? time : Date.parse(time));

/** 03:10 */
export const clock = (time, { language, zone, seconds = false }) =>
  format(language, zone, seconds ? { ...HM, second: "2-digit" } : HM).format(milliseconds(time));

const yearOf = (time, { language, zone }) => format(language, zone, { year: "numeric" }).format(milliseconds(time));

/** 23 Nov, 03:10; with the year where it is another one than that of `reference`. */
export const dayClock = (time, options, reference = Date.now()) =>
  format(options.language, options.zone, { day: "numeric", month: "short", ...(yearOf(time, options) === yearOf(reference, options) ? {} : { year: "numeric" }), ...HM })
    .format(milliseconds(time));

/** 23 Nov, with the year as above. */
export const day = (time, options, reference = Date.now()) =>
  format(options.language, options.zone, { day: "numeric", month: "short", ...(yearOf(time, options) === yearOf(reference, options) ? {} : { year: "numeric" }) }).format(milliseconds(time));

/** GMT+10 */
export const zoneName = (time, { language, zone }) =>
  format(language, zone, { hour: "2-digit", timeZoneName: "shortOffset" })
    .formatToParts(milliseconds(time))
    .find((part) => part.type === "timeZoneName").value;

/** Only the clock on the same day of the site, else with the day. */
export function shortTime(time, reference, options) {
  const day = format(options.language, options.zone, { dateStyle: "short" });
  return day.format(milliseconds(time)) === day.format(milliseconds(reference)) ? clock(time, options) : dayClock(time, options, reference);
}

const YEAR_S = 31_556_952; // the mean year of the calendar
const STEPS = [[60, "second"], [3600, "minute"], [86_400, "hour"], [60 * 86_400, "day"], [2 * YEAR_S, "month"], [Infinity, "year"]];
const SIZE = { second: 1, minute: 60, hour: 3600, day: 86_400, month: YEAR_S / 12, year: YEAR_S };
const SPELT = new Set(["day", "month", "year"]); // short forms of these are hardly shorter

/** Unit and whole count of a span, e.g. 150 s → [2, "minute"]. */
export function span(seconds) {
  const whole = Math.max(0, Math.floor(Math.abs(seconds)));
  const unit = STEPS.find(([limit]) => whole < limit)[1];
  return [Math.floor(whole / SIZE[unit]), unit];
}

/** "2 min. ago", seen from `reference`. */
export function relative(time, reference, language) {
  const seconds = (milliseconds(reference) - milliseconds(time)) / 1000;
  const [count, unit] = span(seconds);
  return new Intl.RelativeTimeFormat(language, { style: "short", numeric: "always" }).format(seconds < 0 ? count : -count, unit);
}

/** "2 min", an age. */
export function age(seconds, language) {
  const [count, unit] = span(seconds);
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: SPELT.has(unit) ? "long" : "short" }).format(count);
}
