// Whoever is on the map: the live positions, and those of a past moment while one is on screen.
import { computed, signal } from "@preact/signals";
import { get, query } from "./api.js";
import { asThen, compare, knowledge } from "./known.js";
import { isLive, pastAt } from "./moment.js";
import { siteId } from "./store.js";

const live = new Map();
let past = new Map();

/** Counts changes; the maps themselves are plain, because thousands of them change ten times a second. */
export const liveVersion = signal(0);
export const pastVersion = signal(0);
export const subjectsKnown = signal(false);
export const pastProblem = signal(null);

/** Ids changed by the stream since the map last looked. */
export const changed = new Set();

export const subjectsVersion = computed(() => (isLive.value ? liveVersion.value : -1 - pastVersion.value));

/** The subjects on screen, by id. Read `subjectsVersion` or `subjectsSlow` to be told of changes. */
export const shown = () => (pastAt.peek() === null ? live : past);

/** As `subjectsVersion`, but at most twice a second: for lists and panels. */
export const subjectsSlow = signal(0);
let slowTimer = null;
subjectsVersion.subscribe(() => {
  slowTimer ??= setTimeout(() => {
    slowTimer = null;
    subjectsSlow.value++;
  }, 500);
});

export async function loadSubjects() {
  const wanted = siteId.peek();
  const answer = await get(`/sites/${wanted}/subjects`);
  if (wanted !== siteId.peek()) return;
  live.clear();
  for (const item of answer.items) live.set(item.id, item);
  subjectsKnown.value = true;
  changed.clear();
  liveVersion.value++;
}

export function forgetSubjects() {
  live.clear();
  past.clear();
  subjectsKnown.value = false;
  liveVersion.value++;
}

/** Positions from the stream. */
export function applyPositions(items) {
  for (const item of items) {
    live.set(item.id, item);
    changed.add(item.id);
  }
  liveVersion.value++;
}

/** Those of whom nothing is known any more. */
export function forgetThose(items) {
  for (const { id } of items) live.delete(id);
  liveVersion.value++;
}

/** Detections from the stream: a camera that saw something was heard. */
export function applyHeard(detections) {
  const newest = new Map();
  for (const { device, observed_at } of detections) if (device && !(newest.get(device) > observed_at)) newest.set(device, observed_at);
  for (const item of live.values()) {
    const heard = item.kind === "place" ? newest.get(item.device) : undefined;
    if (heard > (item.observed_at ?? "")) live.set(item.id, { ...item, observed_at: heard, state: "ok" });
  }
}

let inFlight = false;
const wish = () => `${pastAt.peek()} ${asThen.peek()}`;
const byId = (answer) => new Map(answer.items.map((item) => [item.id, item]));

/** Bring the past on screen; while one answer is on its way only the last wish is remembered. */
export async function loadPast() {
  if (inFlight) return;
  inFlight = true;
  try {
    for (let asked = null; pastAt.peek() !== null && asked !== wish(); ) {
      asked = wish();
      const at = new Date(pastAt.peek()).toISOString();
      const ask = (known) => get(`/sites/${siteId.peek()}/subjects?${query({ at, ...known })}`);
      const then = knowledge(pastAt.peek());
      const [answer, now] = await Promise.all([ask(then), then.as_of ? ask({}) : null]);
      past = byId(answer);
      compare(past, now ? byId(now) : past);
      pastProblem.value = null;
      pastVersion.value++;
    }
  } catch (problem) {
    pastProblem.value = problem;
  } finally {
    inFlight = false;
  }
}

pastAt.subscribe((at) => at !== null && loadPast());
asThen.subscribe(() => pastAt.peek() !== null && loadPast());

/** Age of a position in seconds at the moment on screen. */
export const ageS = (item, time) => Math.max(0, (time - Date.parse(item.observed_at)) / 1000);

export const isCamera = (item) => item.kind === "place" && item.device_kind === "camera";

/** Icon of a subject. */
export function iconOf(item) {
  if (isCamera(item)) return "camera";
  if (item.kind === "device") return item.device_kind === "collar" ? "collar" : "device";
  return { individual: "paw", person: "person", vehicle: "vehicle", place: "mast" }[item.kind] ?? "device";
}

/** One of eight hues, the same for an individual everywhere and always. */
export function hueOf(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return (sum % 8) + 1;
}
