// What was near, in the terms of a list and of a map; nothing here looks at the screen.
import { ellipseRing } from "./coordinates.js";

export const RADII_M = [100, 250, 500, 1000, 2500, 5000, 10_000, 50_000];
export const WINDOWS_S = [600, 3600, 10_800, 43_200, 86_400, 604_800];

/** Parameters of the question: about an alert, an observation, or a place and a time. */
export function parameters({ alert, observation, longitude, latitude, at }, radiusM, windowS) {
  const what = alert ? { alert } : observation ? { observation } : { longitude, latitude, at: new Date(at).toISOString() };
  return { ...what, radius_m: radiusM, window_s: windowS };
}

/** "before", "then" or "after": which side of the moment asked about. */
export const side = (lagS) => (Math.abs(lagS) < 1 ? "then" : lagS < 0 ? "before" : "after");

/** A fix or a reading as one of the subjects of the map, for its icon; what is withheld is some animal. */
export const asSubject = (item) => ({ kind: item.generalised ? "individual" : item.subject_kind || "device", device_kind: item.device_kind });

/** Circle of the radius, and the marks of all items, as GeoJSON features. */
export function nearFeatures(answer, chosen) {
  const ring = ellipseRing(answer.longitude, answer.latitude, { semi_major_m: answer.radius_m, semi_minor_m: answer.radius_m, orientation_deg: 0 }, 96);
  const feature = (geometry, properties) => ({ type: "Feature", geometry, properties });
  return [
    feature({ type: "Polygon", coordinates: [ring] }, { what: "ring" }),
    feature({ type: "Point", coordinates: [answer.longitude, answer.latitude] }, { what: "centre" }),
    ...answer.items.map((item) => feature({ type: "Point", coordinates: [item.longitude, item.latitude] }, { what: item.id === chosen ? "chosen" : "item" })),
  ];
}
