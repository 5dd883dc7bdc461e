import assert from "node:assert/strict";
import { test } from "node:test";
import { fill } from "../../web/console/fill.js";
import { clockText, DAYS, daysIn, daysText, orNone, scheduleFaults, scheduleText } from "../../web/console/schedule.js";
import en from "../../web/i18n/en.js";
import ru from "../../web/i18n/ru.js";

const speaking = (dictionary, language) => ({ language, t: (key, values = {}) => fill(dictionary[key] ?? assert.fail(key), language, values) });
const english = speaking(en, "en");
const russian = speaking(ru, "ru");

const nights = { windows: [{ days: ["mon", "tue", "wed", "thu", "fri"], start: "20:00", end: "06:00" }] };
const summer = { seasons: [{ start: "05-01", end: "09-30" }] };
const dark = { sun: { from: { at: "sunset", minutes: -30 }, to: { at: "sunrise", minutes: 60 } } };

test("no schedule, or one that says nothing, is always", () => {
  assert.equal(scheduleText(null, english), "Watches at all times.");
  assert.equal(scheduleText({ windows: [], seasons: [], sun: null }, russian), "Следит всегда.");
  assert.equal(orNone({ windows: [], seasons: [] }), null);
});

test("hours over midnight say that they end the next day", () => {
  assert.equal(scheduleText(nights, english), "Watches Mon–Fri 20:00–06:00 (next day).");
  assert.equal(scheduleText(nights, russian), "Следит: пн–пт 20:00–06:00 (до следующего дня).");
});

test("everything at once is one sentence in both languages", () => {
  const all = { ...nights, ...summer, ...dark };
  assert.equal(scheduleText(all, english), "Watches Mon–Fri 20:00–06:00 (next day), 1 May – 30 September, from 30 min before sunset to 1 hr after sunrise.");
  assert.equal(scheduleText(all, russian), "Следит: пн–пт 20:00–06:00 (до следующего дня), 1 мая – 30 сентября, по солнцу: 30 мин до заката – 1 ч после рассвета.");
});

test("days are named shortly, and runs of them joined", () => {
  assert.equal(daysText(DAYS, english), "every day");
  assert.equal(daysText(["sun", "sat"], english), "Sat, Sun");
  assert.equal(daysText(["mon", "wed", "thu", "fri", "sun"], english), "Mon, Wed–Fri, Sun");
  assert.equal(daysText(["tue"], russian), "вт");
});

test("a whole day needs no hours", () => {
  assert.equal(scheduleText({ windows: [{ days: ["sat", "sun"], start: "00:00", end: "24:00" }] }, english), "Watches Sat, Sun.");
});

test("what cannot be is said before it is sent", () => {
  assert.deepEqual(scheduleFaults(nights), []);
  assert.deepEqual(scheduleFaults({ windows: [{ days: [], start: "", end: "06:00" }] }), ["no_day", "no_hours"]);
  assert.deepEqual(scheduleFaults({ sun: { from: { at: "sunset", minutes: 30 }, to: { at: "sunset", minutes: 0 } } }), ["no_sun"]);
  assert.deepEqual(scheduleFaults(dark), []);
});

test("February has the day that comes every four years", () => {
  assert.deepEqual([1, 2, 4, 12].map(daysIn), [31, 29, 30, 31]);
});

test("times of day are read as people type them", () => {
  assert.deepEqual(["8", "08:5", "830", "8.30", "20 15", "24:00", "24:01", "25", "noon", ""].map(clockText), ["08:00", null, "08:30", "08:30", "20:15", "24:00", null, null, null, null]);
});
