// The moment on screen: now and live, or a moment of the past, held or played.
import { batch, computed, effect, signal } from "@preact/signals";
import { siteNow } from "./live.js";

const TICK_MS = 1000;
const FRAME_MS = 250;
export const BINS = 200;

export const now = signal(Date.now());
setInterval(() => (now.value = siteNow()), TICK_MS);

/** null = live; otherwise the past moment on screen, in ms. */
export const pastAt = signal(null);
export const playing = signal(false);
export const speed = signal(60);
export const spanS = signal(86_400);

export const isLive = computed(() => pastAt.value === null);
export const viewTime = computed(() => pastAt.value ?? now.value);
/** The ages on cards need not tick every second. */
export const viewTimeCoarse = computed(() => (pastAt.value === null ? Math.floor(now.value / 10_000) * 10_000 : pastAt.value));

/** Right end of the time bar: it stands still while the past is on screen. */
const frozenEnd = signal(null);
export const windowEnd = computed(() => {
  const grain = Math.max(60_000, (spanS.value * 1000) / BINS);
  return frozenEnd.value ?? Math.ceil(now.value / grain) * grain;
});
export const windowStart = computed(() => windowEnd.value - spanS.value * 1000);

export function goLive() {
  pastAt.value = null;
  frozenEnd.value = null;
  playing.value = false;
}

export function goTo(time) {
  frozenEnd.value ??= windowEnd.value;
  if (time >= now.value) goLive();
  else pastAt.value = Math.max(windowStart.value, time);
}

/** Counts what came of a journey into the past, tracks or detections: the map then shows where they were. */
export const arrived = signal(0);
const awaited = new Set();

/** Go to a moment, however long ago: the time bar comes along, and is `leastS` long at least. */
export function visit(time, leastS, { whole = false } = {}) {
  batch(() => {
    spanS.value = Math.max(spanS.value, leastS);
    frozenEnd.value = Math.min(now.value, time + spanS.value * 100); // a tenth of the bar lies behind it
    pastAt.value = time;
    awaited.clear();
    if (whole) ["tracks", "detections"].forEach((what) => awaited.add(what));
  });
}

/** Tracks or detections of the past are here, so many. */
export function came(what, count) {
  if (awaited.delete(what) && count) arrived.value++;
}

effect(() => {
  if (!playing.value) return undefined;
  const timer = setInterval(() => goTo(pastAt.peek() + speed.peek() * FRAME_MS), FRAME_MS);
  return () => clearInterval(timer);
});

export function togglePlay() {
  if (isLive.value) goTo(windowStart.value);
  playing.value = !playing.value;
}
