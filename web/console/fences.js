// Watched areas and lines as the hub has them, and which of those with a schedule are watched at the moment on screen.
import { batch, effect, signal } from "@preact/signals";
import { get, list } from "./api.js";
import { isLive, now, viewTimeCoarse } from "./moment.js";
import { paced } from "./paced.js";
import { siteId } from "./store.js";

const HOURS_EVERY_MS = 2000;

export const fences = signal([]);
export const fencesKnown = signal(false);
export const fencesProblem = signal(null);

/** Of fences with a schedule: {watching, changes_at}, by fence id. */
export const hours = signal(new Map());
let hoursAt = null; // the moment that they are of, and the first at which one of them changes

export async function loadFences() {
  const wanted = siteId.peek();
  try {
    const items = await list(`/sites/${wanted}/fences`);
    if (wanted !== siteId.peek()) return;
    batch(() => {
      fences.value = items.sort((a, b) => a.name.localeCompare(b.name));
      fencesKnown.value = true;
      fencesProblem.value = null;
    });
    hoursAt = null;
    wish();
  } catch (problem) {
    fencesProblem.value = problem;
  }
}

export function forgetFences() {
  batch(() => {
    fences.value = [];
    fencesKnown.value = false;
    fencesProblem.value = null;
    hours.value = new Map();
  });
}


const { wish } = paced(async () => {
  const [wanted, at] = [siteId.peek(), isLive.peek() ? now.peek() : viewTimeCoarse.peek()];
  if (!wanted || !fences.peek().some((fence) => fence.schedule)) return void (hours.value.size && (hours.value = new Map()));
  if (hoursAt && at >= hoursAt.from && at < hoursAt.until) return;
  const found = await get(`/sites/${wanted}/watching?at=${new Date(at).toISOString()}`).catch(() => null);
  if (!found || wanted !== siteId.peek()) return; // what is not known is shown as watched
  const known = new Map(found.items.map((one) => [one.fence, one]));
  const fresh = fences.peek().every((fence) => !fence.schedule || known.get(fence.id)?.version === fence.version); // else the hub is about to follow an edit
  hoursAt = fresh ? { from: at, until: Math.min(...found.items.map((one) => (one.changes_at ? Date.parse(one.changes_at) : Infinity))) } : null;
  if (!fresh) setTimeout(wish, HOURS_EVERY_MS);
  hours.value = known;
}, HOURS_EVERY_MS);
effect(() => {
  siteId.value, viewTimeCoarse.value;
  wish();
});

/** A fence that its schedule lets sleep: {changes_at}; null for one that watches. */
export function asleep(fence) {
  const known = fence.schedule ? hours.value.get(fence.id) : null;
  return known && !known.watching ? known : null;
}
