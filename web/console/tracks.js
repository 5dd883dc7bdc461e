// Where everybody came from: the tracks behind the moment on screen, cut by age so that they fade.
import { signal } from "@preact/signals";
import { get, query } from "./api.js";
import { asThen, knowledge } from "./known.js";
import { came, isLive, now, pastAt, spanS, viewTime, windowEnd, windowStart } from "./moment.js";
import { siteId } from "./store.js";

const TAIL_S = 12 * 3600;
const CHOSEN_TAIL_S = 7 * 86_400;
/** How far back tails reach: in the past with the length of the time bar, for old recordings have a fix every few hours. */
export const tailS = () => (isLive.peek() ? TAIL_S : Math.max(TAIL_S, spanS.peek() / 4));
export const chosenTailS = () => (isLive.peek() ? CHOSEN_TAIL_S : Math.max(CHOSEN_TAIL_S, spanS.peek()));
const RELOAD_MS = 60_000;
const STEPS = 6; // shades of age along a tail

let live = new Map();
let past = new Map();
export const tracksVersion = signal(0);
export const tracksProblem = signal(null);

async function fetchTracks(from, to, subject, known = {}) {
  const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), subject, ...known };
  const answer = await get(`/sites/${siteId.peek()}/tracks?${query(span)}`);
  return new Map(answer.items.map((track) => [track.subject.id, track]));
}

let chosen = null;

/** Put the longer tail of the chosen animal among these tracks. */
async function lengthen(tracks, to, known) {
  if (chosen === null) return;
  for (const [id, track] of await fetchTracks(to - chosenTailS() * 1000, to, chosen, known)) tracks.set(id, track);
}

/** Somebody wants to see where this animal has been; null = nobody. */
export async function chooseTrack(id) {
  if (chosen === id) return;
  chosen = id;
  try {
    await (isLive.peek() ? lengthen(live, now.peek()) : lengthen(past, pastEnd(), knownNow()));
  } catch (problem) {
    tracksProblem.value = problem;
  }
  tracksVersion.value++;
}

export async function loadTracks() {
  const wanted = siteId.peek();
  try {
    const loaded = await fetchTracks(now.peek() - TAIL_S * 1000, now.peek());
    await lengthen(loaded, now.peek());
    if (wanted !== siteId.peek()) return;
    live = loaded;
    tracksProblem.value = null;
    tracksVersion.value++;
  } catch (problem) {
    tracksProblem.value = problem;
  }
}

export function forgetTracks() {
  live = new Map();
  past = new Map();
  tracksVersion.value++;
}

setInterval(() => siteId.peek() && isLive.peek() && loadTracks(), RELOAD_MS);

// Leaving the present: one answer for the whole time bar, so that dragging only cuts what is already here.
// As it was known then, every moment has an answer of its own: one is asked for at a time, the last wish after it.
const pastEnd = () => (asThen.peek() ? pastAt.peek() : windowEnd.peek());
const knownNow = () => (pastAt.peek() === null ? {} : knowledge(pastAt.peek()));
let pastKey = "";
let asking = false;

async function bringThen() {
  if (asking) return;
  asking = true;
  for (let asked = null; asThen.peek() && pastAt.peek() !== null && asked !== pastAt.peek(); ) {
    asked = pastAt.peek();
    await bringPast(`${siteId.peek()} then ${asked}`);
  }
  asking = false;
}

pastAt.subscribe((at) => (asThen.peek() && at !== null ? bringThen() : bring(at)));
asThen.subscribe((then) => pastAt.peek() !== null && (then ? bringThen() : bring(pastAt.peek())));

async function bring(at) {
  if (at === null) {
    pastKey = "";
    return tracksVersion.value++;
  }
  const key = `${siteId.peek()} ${windowStart.peek()} ${windowEnd.peek()}`;
  if (key === pastKey) {
    came("tracks", past.size);
    return tracksVersion.value++;
  }
  return bringPast(key);
}

async function bringPast(key) {
  pastKey = key;
  const [from, to, known] = [asThen.peek() ? pastAt.peek() : windowStart.peek(), pastEnd(), knownNow()];
  try {
    const loaded = await fetchTracks(from - tailS() * 1000, to, undefined, known);
    await lengthen(loaded, to, known);
    if (pastKey === key) past = loaded;
  } catch (problem) {
    tracksProblem.value = problem;
  }
  came("tracks", past.size);
  return tracksVersion.value++;
}

const begun = ({ kind, id, name }) => ({
  subject: { kind, id }, name, points: { time: [], longitude: [], latitude: [], semi_major_m: [], semi_minor_m: [], orientation_deg: [], share: [], observation: [] },
});

/** Grow the live tails by positions of the stream. */
export function extendTracks(items) {
  for (const item of items) {
    if (item.kind === "place" || item.longitude === null || item.generalised) continue;
    if (!live.has(item.id)) live.set(item.id, begun(item));
    const { points } = live.get(item.id);
    const time = Date.parse(item.observed_at) / 1000;
    if (time <= points.time[points.time.length - 1]) continue;
    points.time.push(time);
    points.longitude.push(item.longitude);
    points.latitude.push(item.latitude);
    points.semi_major_m.push(item.ellipse?.semi_major_m ?? item.uncertainty_m ?? 0);
    points.semi_minor_m.push(item.ellipse?.semi_minor_m ?? item.uncertainty_m ?? 0);
    points.orientation_deg.push(item.ellipse?.orientation_deg ?? 0);
    points.share.push(item.share ?? 1);
    points.observation.push(null);
  }
}

export const trackOf = (id) => (isLive.value ? live : past).get(id) ?? null;

/** First index whose time is greater than `time`. */
function after(times, time) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A way is as sure as the less sure of its ends, in tenths. */
const shareOf = (points, index) => Math.round(Math.min(points.share?.[index] ?? 1, points.share?.[index + 1] ?? 1) * 10) / 10;

/** Line pieces of one tail: [{age: 0..1 (1 = oldest), share: 0..1, coordinates}], newest last; pieces share their ends. */
export function tail(points, atS, lastS) {
  const pieces = [];
  let start = after(points.time, atS - lastS);
  const end = after(points.time, atS);
  for (let step = STEPS; step > 0 && start < end; step--) {
    const stop = Math.min(end, after(points.time, atS - (lastS * (step - 1)) / STEPS) + 1);
    if (stop - start < 2) continue;
    let piece = null;
    for (let index = start; index < stop - 1; index++) {
      const share = shareOf(points, index);
      if (piece?.share !== share) pieces.push((piece = { age: step / STEPS, share, coordinates: [[points.longitude[index], points.latitude[index]]] }));
      piece.coordinates.push([points.longitude[index + 1], points.latitude[index + 1]]);
    }
    start = stop - 1;
  }
  return pieces;
}

/** The last `count` fixes at or before the moment on screen, newest first. */
export function lastFixes(points, count, atS = viewTime.value / 1000) {
  const end = after(points.time, atS);
  return Array.from({ length: Math.min(count, end) }, (_, back) => {
    const index = end - 1 - back;
    return { time: points.time[index] * 1000, longitude: points.longitude[index], latitude: points.latitude[index], semi_major_m: points.semi_major_m[index], semi_minor_m: points.semi_minor_m[index], orientation_deg: points.orientation_deg[index], share: points.share?.[index] ?? 1, observation: points.observation?.[index] ?? null };
  });
}

export const shownTracks = () => (pastAt.peek() === null ? live : past);
