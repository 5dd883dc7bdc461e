// When a fence watches: days and hours, seasons, the sun; and the sentence that says it.
import { useState } from "preact/hooks";
import { change, draft } from "./draft.js";
import { scheduleWords } from "./fence_words.js";
import { html } from "./html.js";
import { language, t } from "./i18n.js";
import { clockText, dayName, DAYS, daysIn, monthDay, orNone, scheduleFaults } from "./schedule.js";
import { site } from "./store.js";
import { Icon } from "../icons.js";

const EMPTY = { windows: [], seasons: [], sun: null };
const NIGHT = { from: { at: "sunset", minutes: 0 }, to: { at: "sunrise", minutes: 0 } };
const DAY = { from: { at: "sunrise", minutes: 0 }, to: { at: "sunset", minutes: 0 } };
const MOST_MINUTES = 720;

const schedule = () => ({ ...EMPTY, ...draft.value.schedule });
const set = (fields) => change({ schedule: orNone({ ...schedule(), ...fields }) });
const replaced = (items, index, fields) => items.map((one, here) => (here === index ? { ...one, ...fields } : one));
const without = (items, index) => items.filter((_, here) => here !== index);
const two = (number) => String(number).padStart(2, "0");

const Remove = ({ label, onClick }) => html`<button type="button" class="quiet" aria-label=${label} title=${label} onClick=${onClick}><${Icon} name="close" size=${16} /></button>`;

/** A time of day in 24 hours, however this browser writes them. */
function Clock({ value, label, onChange }) {
  const [text, setText] = useState(null);
  const put = () => {
    const found = text === null ? null : clockText(text);
    if (found) onChange(found);
    setText(null);
  };
  return html`<input class="clock figures" inputmode="numeric" maxlength="5" placeholder="20:00" aria-label=${label} aria-invalid=${text !== null && clockText(text) === null} value=${text ?? value}
    onInput=${(typed) => setText(typed.target.value)} onChange=${put} onKeyDown=${(key) => key.key === "Enter" && (key.preventDefault(), put())} />`;
}

function Hours({ window, index }) {
  const { windows } = schedule();
  const put = (fields) => set({ windows: replaced(windows, index, fields) });
  const flip = (day) => put({ days: DAYS.filter((one) => (one === day) !== window.days.includes(one)) });
  return html`<li class="slot"><div class="days" role="group" aria-label=${t("schedule.days")}>${DAYS.map((day) => html`<button type="button" class="day" aria-pressed=${window.days.includes(day)} onClick=${() => flip(day)}>${dayName(day, language.value)}</button>`)}</div>
    <div class="slot-line"><${Clock} label=${t("schedule.from")} value=${window.start} onChange=${(start) => put({ start: start === "24:00" ? "00:00" : start })} /><span aria-hidden="true">–</span>
      <${Clock} label=${t("schedule.to")} value=${window.end} onChange=${(end) => put({ end })} />
      <span class="grow"></span><${Remove} label=${t("schedule.remove_hours")} onClick=${() => set({ windows: without(windows, index) })} /></div></li>`;
}

function DayOfYear({ value, label, onChange }) {
  const [month, day] = value.split("-").map(Number);
  const put = (nextMonth, nextDay) => onChange(`${two(nextMonth)}-${two(Math.min(nextDay, daysIn(nextMonth)))}`);
  const months = new Intl.DateTimeFormat(language.value, { month: "short", timeZone: "UTC" });
  return html`<span class="day-of-year" role="group" aria-label=${`${label}: ${monthDay(value, language.value)}`}>
    <select aria-label=${`${label}, ${t("schedule.day")}`} value=${day} onChange=${(pick) => put(month, Number(pick.target.value))}>${Array.from({ length: daysIn(month) }, (_, index) => html`<option value=${index + 1} selected=${index + 1 === day}>${index + 1}</option>`)}</select>
    <select aria-label=${`${label}, ${t("schedule.month")}`} value=${month} onChange=${(pick) => put(Number(pick.target.value), day)}>${Array.from({ length: 12 }, (_, index) => html`<option value=${index + 1} selected=${index + 1 === month}>${months.format(Date.UTC(2024, index, 1))}</option>`)}</select></span>`;
}

function Season({ season, index }) {
  const { seasons } = schedule();
  const put = (fields) => set({ seasons: replaced(seasons, index, fields) });
  return html`<li class="slot slot-line"><${DayOfYear} label=${t("schedule.first_day")} value=${season.start} onChange=${(start) => put({ start })} /><span aria-hidden="true">–</span>
    <${DayOfYear} label=${t("schedule.last_day")} value=${season.end} onChange=${(end) => put({ end })} />
    <span class="grow"></span><${Remove} label=${t("schedule.remove_season")} onClick=${() => set({ seasons: without(seasons, index) })} /></li>`;
}

function SunBound({ bound, label, onChange }) {
  const minutes = bound.minutes ?? 0;
  const shift = (typed) => Math.max(-MOST_MINUTES, Math.min(MOST_MINUTES, Math.round(Number(typed.target.value) || 0)));
  return html`<div class="slot-line"><span class="sun-label">${label}</span>
    <select aria-label=${label} value=${bound.at} onChange=${(pick) => onChange({ ...bound, at: pick.target.value })}>${["sunset", "sunrise"].map((one) => html`<option value=${one} selected=${one === bound.at}>${t(`sun_name.${one}`)}</option>`)}</select>
    <input type="number" class="sun-minutes" min=${-MOST_MINUTES} max=${MOST_MINUTES} step="5" aria-label=${`${label}: ${t("schedule.shift")}`} value=${minutes} onChange=${(typed) => onChange({ ...bound, minutes: shift(typed) })} /><span class="muted">${t("unit.minutes")}</span></div>`;
}

const sunChoice = (sun) => (!sun ? "any" : sun.from.at === "sunset" && sun.to.at === "sunrise" ? "night" : sun.from.at === "sunrise" && sun.to.at === "sunset" ? "day" : "own");

export function ScheduleEditor() {
  const { windows, seasons, sun } = schedule();
  const faults = scheduleFaults(draft.value.schedule);
  return html`<p class="schedule-sentence" aria-live="polite"><${Icon} name="clock" size=${16} /><span>${scheduleWords(draft.value.schedule)}</span></p>
    <h4>${t("schedule.windows")}</h4>
    <ul class="slots">${windows.map((window, index) => html`<${Hours} key=${index} window=${window} index=${index} />`)}</ul>
    <button type="button" onClick=${() => set({ windows: [...windows, { days: [...DAYS], start: "20:00", end: "06:00" }] })}><${Icon} name="plus" size=${16} />${t("schedule.add_hours")}</button>
    <h4>${t("schedule.seasons")}</h4>
    <ul class="slots">${seasons.map((season, index) => html`<${Season} key=${index} season=${season} index=${index} />`)}</ul>
    <button type="button" onClick=${() => set({ seasons: [...seasons, { start: "05-01", end: "09-30" }] })}><${Icon} name="plus" size=${16} />${t("schedule.add_season")}</button>
    <h4 id="by-the-sun">${t("schedule.sun")}</h4>
    <div class="pills" role="group" aria-labelledby="by-the-sun">${[["any", null], ["night", NIGHT], ["day", DAY]].map(([name, value]) => html`<button type="button" class="pill" aria-pressed=${sunChoice(sun) === name} onClick=${() => set({ sun: value })}>${t(`daylight.${name}`)}</button>`)}</div>
    ${sun && html`<${SunBound} label=${t("schedule.from")} bound=${sun.from} onChange=${(from) => set({ sun: { ...sun, from } })} /><${SunBound} label=${t("schedule.to")} bound=${sun.to} onChange=${(to) => set({ sun: { ...sun, to } })} />
      <p class="hint">${t("schedule.shift_hint")}</p>`}
    <p class="hint">${t("schedule.hint", { zone: site.value.time_zone })}</p>
    ${faults.length > 0 && html`<p class="callout callout-warning" role="alert">${faults.map((key) => t(`fault.${key}`)).join(" ")}</p>`}`;
}
