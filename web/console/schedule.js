// When a fence watches, as people say it. Pure: words come from the dictionary that is given.
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
// A Monday, to name weekdays from.
const MONDAY = Date.UTC(2024, 0, 1);

const dayNames = (language) => {
  const format = new Intl.DateTimeFormat(language, { weekday: "short", timeZone: "UTC" });
  return DAYS.map((_, index) => format.format(MONDAY + index * 86_400_000));
};
export const dayName = (day, language) => dayNames(language)[DAYS.indexOf(day)];

/** "05-01" → "1 May", "1 мая". */
export const monthDay = (text, language) =>
  new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { day: "numeric", month: "long", timeZone: "UTC" }).format(Date.UTC(2024, Number(text.slice(0, 2)) - 1, Number(text.slice(3))));

/** A schedule that says nothing is none. */
export function orNone(schedule) {
  return schedule && (schedule.windows?.length || schedule.seasons?.length || schedule.sun) ? schedule : null;
}

/** "Mon–Fri", "Sat, Sun", "every day". Runs of three days and more are joined. */
export function daysText(days, { language, t }) {
  if (days.length === DAYS.length) return t("schedule.every_day");
  const names = dayNames(language);
  const chosen = DAYS.map((day) => days.includes(day));
  const parts = [];
  for (let first = 0; first < DAYS.length; first++) {
    if (!chosen[first]) continue;
    let last = first;
    while (chosen[last + 1]) last++;
    if (last - first >= 2) parts.push(`${names[first]}–${names[last]}`);
    else parts.push(...names.slice(first, last + 1));
    first = last;
  }
  return parts.join(", ");
}

const minutes = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
const isWhole = ({ start, end }) => start === end || (start === "00:00" && end === "24:00");

function windowText(window, words) {
  const days = daysText(window.days, words);
  if (isWhole(window)) return days;
  const next = minutes(window.end) <= minutes(window.start) && window.end !== "24:00";
  return words.t(next ? "schedule.hours_over" : "schedule.hours", { days, start: window.start, end: window.end });
}

function boundText({ at, minutes: shift = 0 }, { language, t }) {
  if (!shift) return t(`sun.${at}`);
  const size = Math.abs(shift);
  const [count, unit] = size % 60 ? [size, "minute"] : [size / 60, "hour"];
  const span = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(count);
  return t(`sun.${at}_${shift < 0 ? "before" : "after"}`, { span });
}

/** One sentence: "Watches Mon–Fri 20:00–06:00 (next day), 1 May – 30 September, from sunset to sunrise." */
export function scheduleText(schedule, words) {
  if (!orNone(schedule)) return words.t("schedule.always");
  const { language, t } = words;
  const or = new Intl.ListFormat(language, { type: "disjunction" });
  const parts = [
    ...(schedule.windows?.length ? [schedule.windows.map((window) => windowText(window, words)).join("; ")] : []),
    ...(schedule.seasons?.length ? [or.format(schedule.seasons.map(({ start, end }) => `${monthDay(start, language)} – ${monthDay(end, language)}`))] : []),
    ...(schedule.sun ? [t("sun.part", { from: boundText(schedule.sun.from, words), to: boundText(schedule.sun.to, words) })] : []),
  ];
  return t("schedule.sentence", { when: parts.join(", ") });
}

/** "8" → "08:00", "830" and "8.30" → "08:30"; null for what is no time of day. "24:00" is the end of one. */
export function clockText(text) {
  const found = /^(\d{1,2})(?:[:. ]?(\d\d))?$/.exec(text.trim());
  const [hour, minute] = found ? [Number(found[1]), Number(found[2] ?? 0)] : [99, 99];
  return hour < 24 && minute < 60 ? `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}` : hour === 24 && minute === 0 ? "24:00" : null;
}

/** What is wrong with a schedule before anybody sends it: names of sentences. */
export function scheduleFaults(schedule) {
  const faults = new Set();
  for (const window of schedule?.windows ?? []) {
    if (!window.days.length) faults.add("no_day");
    if (!/^\d\d:\d\d$/.test(window.start) || !/^\d\d:\d\d$/.test(window.end)) faults.add("no_hours");
  }
  const sun = schedule?.sun;
  if (sun && sun.from.at === sun.to.at && (sun.from.minutes ?? 0) >= (sun.to.minutes ?? 0)) faults.add("no_sun");
  return [...faults];
}

/** Days that a month can have, of a leap year. */
export const daysIn = (month) => new Date(Date.UTC(2024, month, 0)).getUTCDate();
