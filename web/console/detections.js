// What cameras, microphones and satellites noticed lately: fire, snare, shot, people.
import { computed, signal } from "@preact/signals";
import { list } from "./api.js";
import { tellProblem } from "./notices.js";
import { came, isLive, now, windowEnd, windowStart } from "./moment.js";
import { siteId } from "./store.js";

const KEPT = 5000;
const LIVE_HOURS = 24;
const WINDOW_MS = 3 * 3_600_000;
const FEW = 200; // where so few came, the next window is twice as long

export const detections = signal([]);
const past = signal([]);

/** Newest window first, so that a busy site shows its last hours before anything else, and no more than it can hold. */
async function* between(site, from, to) {
  let window = WINDOW_MS;
  let found = [];
  for (let end = to; end > from && found.length < KEPT; ) {
    const span = { from: new Date(Math.max(from, end - window)).toISOString(), to: new Date(end).toISOString() };
    const more = await list(`/sites/${site}/detections`, span);
    found = [...found, ...more];
    yield found;
    end -= window;
    if (more.length < FEW) window *= 2;
  }
}

export async function loadDetections() {
  const wanted = siteId.peek();
  for await (const found of between(wanted, now.peek() - LIVE_HOURS * 3_600_000, now.peek())) {
    if (wanted !== siteId.peek()) return;
    const known = new Set(found.map((item) => item.id));
    detections.value = [...detections.peek().filter((item) => !known.has(item.id)), ...found].slice(0, KEPT);
  }
}

export function applyDetections(items) {
  const fresh = new Set(items.map((item) => item.id));
  detections.value = [...items, ...detections.peek().filter((item) => !fresh.has(item.id))].slice(0, KEPT);
}

export const forgetDetections = () => (detections.value = []);

const pastWindow = computed(() => (isLive.value ? null : `${windowStart.value} ${windowEnd.value}`));

pastWindow.subscribe(async (chosen) => {
  const wanted = siteId.peek();
  if (chosen === null || !wanted) return;
  past.value = [];
  try {
    for await (const found of between(wanted, windowStart.peek() - LIVE_HOURS * 3_600_000, windowEnd.peek())) {
      if (chosen !== pastWindow.peek() || wanted !== siteId.peek()) return;
      past.value = found;
    }
  } catch (problem) {
    tellProblem(problem);
  }
  came("detections", past.peek().length);
});

/** One of them, by id; undefined when it is not here (any more). */
export const detectionById = (id) => (isLive.value ? detections.value : past.value).find((item) => item.id === id);

/** All that are here, of the last day or of the whole time bar. */
export const allDetections = () => (isLive.peek() ? detections.peek() : past.peek());

/** Detections of the last `hours` before `time` (ms). Live, nothing is too new: `time` may be some seconds old. */
export const detectionsAt = (time, hours = LIVE_HOURS) =>
  (isLive.value ? detections.value : past.value).filter((item) => {
    const age = time - Date.parse(item.observed_at);
    return (isLive.value || age >= 0) && age < hours * 3_600_000;
  });

/** Icon by what was noticed. */
export function detectionIcon(item) {
  const said = `${item.kind} ${item.label}`.toLowerCase();
  if (/fire|smoke|hotspot/.test(said)) return "fire";
  if (/\b(snare|trap)/.test(said)) return "snare";
  if (/shot|\b(audio|sound|acoustic|chainsaw|saw)\b/.test(said)) return "ear";
  if (/\b(vehicle|car|truck)\b/.test(said)) return "vehicle";
  if (/\b(person|human|poacher)/.test(said)) return "person";
  return "paw";
}
