// Of a past moment: what we know of it now, or what was known then; and who is elsewhere by what came in later.
import { signal } from "@preact/signals";
import { distanceM } from "./coordinates.js";
import { wallAt } from "./live.js";
import { isLive, pastAt } from "./moment.js";

/** true: the past is on screen as it was known then. */
export const asThen = signal(false);

/** Places that differ by less than this are the same place to an eye on the map. */
const SAME_M = 50;

/** What to ask for beside a moment of the past: the knowledge of that moment, or today's. */
export const knowledge = (time) => (asThen.peek() ? { as_of: new Date(wallAt(time)).toISOString() } : {});

/** [{id, name, then: [lon, lat] | null, now: [lon, lat]}]: who is elsewhere by what is known now; unknown then = null. */
export const elsewhere = signal([]);

const placed = (item) => item && item.longitude !== null && item.kind !== "place" && !item.generalised;
const place = ({ longitude, latitude }) => [longitude, latitude];

/** Compare what was known of a moment with what is known now, both by id. */
export function compare(then, now) {
  elsewhere.value = [...now.values()].filter(placed).flatMap((item) => {
    const before = then.get(item.id);
    if (placed(before) && distanceM(place(before), place(item)) < SAME_M) return [];
    return [{ id: item.id, name: item.name, kind: item.kind, then: placed(before) ? place(before) : null, now: place(item) }];
  });
}

const point = (coordinates, properties) => ({ type: "Feature", geometry: { type: "Point", coordinates }, properties });

/** A dashed line from where one was thought to be to where we now know it was, and a ring there. */
export function elsewhereFeatures(hueOf) {
  if (isLive.value || !asThen.value) return [];
  return elsewhere.value.flatMap(({ id, name, kind, then, now }) => {
    const look = { id, name, hue: kind === "individual" ? hueOf(id) : 0 };
    const way = then ? [{ type: "Feature", geometry: { type: "LineString", coordinates: [then, now] }, properties: look }] : [];
    return [...way, point(now, look)];
  });
}

pastAt.subscribe((at) => {
  if (at === null) asThen.value = false;
});
