// The time bar: how much was heard when, where alerts lie, and the handle that takes the whole screen back in time.
import { useEffect, useRef, useState } from "preact/hooks";
import { effect, signal } from "@preact/signals";
import { get, query } from "./api.js";
import { health } from "./feed.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { asThen, elsewhere } from "./known.js";
import { linkState } from "./live.js";
import { BINS, goLive, goTo, isLive, now, playing, spanS, speed, togglePlay, viewTime, visit, windowEnd, windowStart } from "./moment.js";
import { paced } from "./paced.js";
import { siteId } from "./store.js";
import { clock, day, dayClock } from "./time.js";
import { atSecond, here, zone } from "./words.js";
import { Icon } from "../icons.js";

const HEIGHT = 32;
const SPEEDS = [1, 10, 60, 300, 600];
const SPANS = [6 * 3600, 24 * 3600, 7 * 86_400, 30 * 86_400, 365 * 86_400];
const KEY_STEP = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 };

const activity = signal(null);
const activityProblem = signal(null);

const EVERY_MS = 1000; // a fast drill moves the bar many times a second

const { wish } = paced(() => {
  const wanted = siteId.peek();
  const [from, to] = [windowStart.peek(), windowEnd.peek()];
  if (!wanted) return;
  get(`/sites/${wanted}/activity?${query({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), bins: BINS })}`)
    .then((found) => {
      activity.value = found;
      activityProblem.value = null;
    })
    .catch((problem) => (activityProblem.value = problem));
}, EVERY_MS);
effect(() => {
  siteId.value, windowStart.value, windowEnd.value;
  wish();
});

/** Outline of the histogram: square roots, so that a quiet night is still visible beside a busy day. */
function density(counts) {
  const top = Math.sqrt(Math.max(1, ...counts));
  return counts.map((count, bin) => `M${bin} ${HEIGHT}v${-(Math.sqrt(count) / top) * (HEIGHT - 8)}h.8V${HEIGHT}z`).join("");
}

function ticks(from, to) {
  const hours = (to - from) / 3_600_000;
  const step = (hours <= 6 ? 1 : hours <= 24 ? 3 : hours <= 168 ? 24 : hours <= 720 ? 120 : 1440) * 3_600_000;
  const found = [];
  for (let time = Math.ceil(from / step) * step; time < to; time += step) {
    const share = (time - from) / (to - from);
    if (share > 0.03 && share < 0.97) found.push({ time, share });
  }
  return { found, days: hours > 24 };
}

export function Scrubber() {
  const strip = useRef(null);
  const [dragging, setDragging] = useState(false);
  const [from, to] = [windowStart.value, windowEnd.value];
  const share = Math.min(1, Math.max(0, (viewTime.value - from) / (to - from)));
  const drag = ({ clientX }) => {
    const box = strip.current.getBoundingClientRect();
    goTo(from + ((clientX - box.left) / box.width) * (to - from));
  };
  const marks = ticks(from, to);
  const step = (key) => {
    if (!(key.key in KEY_STEP)) return;
    key.preventDefault();
    goTo(viewTime.value + KEY_STEP[key.key] * spanS.value * 2.5);
  };
  useEffect(() => {
    if (!dragging) return undefined;
    const drop = () => setDragging(false);
    addEventListener("pointerup", drop);
    return () => removeEventListener("pointerup", drop);
  }, [dragging]);
  return html`<footer class=${`scrubber ${isLive.value ? "" : "scrubber-past"}`} aria-label=${t("time.bar")}>
    <div class="scrubber-controls">
      <button class="tool" aria-label=${t(playing.value ? "time.pause" : "time.play")} title=${t(playing.value ? "time.pause" : "time.play")} onClick=${togglePlay}><${Icon} name=${playing.value ? "pause" : "play"} size=${18} /></button>
      <label class="pick"><span class="unseen">${t("time.speed")}</span><select value=${speed.value} onChange=${(pick) => (speed.value = Number(pick.target.value))}>
        ${SPEEDS.map((times) => html`<option value=${times}>${times}×</option>`)}</select></label>
      <button class=${`live-button ${isLive.value && linkState.value === "live" ? "live-on" : ""}`} disabled=${isLive.value} onClick=${goLive}><span class="dot" aria-hidden="true"></span>${t("live")}</button>
    </div>
    <div class="strip" ref=${strip} role="slider" tabindex="0" aria-label=${t("time.moment")} aria-valuemin=${from} aria-valuemax=${to} aria-valuenow=${Math.round(viewTime.value)}
      aria-valuetext=${`${dayClock(viewTime.value, here())} ${zone(viewTime.value)}`} onKeyDown=${step}
      onPointerDown=${(down) => { down.currentTarget.setPointerCapture(down.pointerId); setDragging(true); drag(down); }} onPointerMove=${(move) => dragging && drag(move)}>
      <svg class="strip-graph" viewBox=${`0 0 ${BINS} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="density" d=${density(activity.value?.observations ?? [])} />
        <rect class="strip-after" x=${share * BINS} width=${(1 - share) * BINS} height=${HEIGHT} />
      </svg>
      ${(activity.value?.alerts ?? []).map((count, bin) => count > 0 && html`<span key=${bin} class="strip-alert" style=${{ left: `${((bin + 0.5) / activity.value.alerts.length) * 100}%` }}></span>`)}
      ${marks.found.map(({ time, share: left }) => html`<span key=${time} class="strip-tick" style=${{ left: `${left * 100}%` }}>${marks.days ? day(time, here(), time) : clock(time, here())}</span>`)}
      <span class="strip-head" style=${{ left: `${share * 100}%` }}></span>
      ${activityProblem.value && html`<span class="strip-problem">${t("time.no_activity")}</span>`}
    </div>
    <label class="pick"><span class="unseen">${t("time.span")}</span><select value=${spanS.value} onChange=${(pick) => (spanS.value = Number(pick.target.value))}>
      ${SPANS.map((seconds) => html`<option value=${seconds}>${t(`span.${seconds / 3600}`)}</option>`)}</select></label>
  </footer>`;
}

/** Over the map: nobody may take the past for the present. */
export function PastBanner() {
  if (isLive.value) return null;
  const text = t(playing.value ? "past.playing" : "past.paused", { at: `${dayClock(viewTime.value, here())}`, zone: zone(viewTime.value), speed: speed.value });
  return html`<div class="past-banner"><div class="past-when" role="status"><${Icon} name=${playing.value ? "play" : "pause"} size=${18} /><strong>${text}</strong>
      ${asThen.value && html`<span>${elsewhere.value.length ? t("past.elsewhere", { n: elsewhere.value.length }) : t("past.same")}</span>`}</div>
    <div class="past-known" role="group" aria-label=${t("past.knowledge")}>
      ${[false, true].map((then) => html`<button aria-pressed=${asThen.value === then} onClick=${() => (asThen.value = then)}>${t(then ? "past.as_then" : "past.as_now")}</button>`)}</div>
    <button class="primary" onClick=${goLive}>${t("past.back")}</button></div>`;
}

/** Over the map of a site whose data all lie before the time bar: an import of old recordings would look empty. */
export function HistoryBanner() {
  const last = Date.parse(health.value?.last_observed_at);
  if (!isLive.value || !(last < windowStart.value)) return null;
  return html`<div class="history-banner" role="status"><span>${t("past.newest", { at: dayClock(last, here()), zone: zone(last) })}</span>
    <button class="primary" onClick=${() => visit(last, 30 * 86_400, { whole: true })}>${t("past.visit")}</button></div>`;
}

/** The clock of the site, in the top bar. */
export const SiteClock = () => html`<time class="site-clock">${atSecond(now.value)} <span class="muted">${zone(now.value)}</span></time>`;
