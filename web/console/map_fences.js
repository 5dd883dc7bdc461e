// Fences, the one being drawn, and what an alert rests on, as GeoJSON for the map.
import { computed } from "@preact/signals";
import { ellipseRing } from "./coordinates.js";
import { corners, draft, draftCrossings, draftOutlines, drawsArea, held, isAreaDraft, wrongPlace } from "./draft.js";
import { asleep, fences } from "./fences.js";
import { t } from "./i18n.js";
import { pointer } from "./readout.js";
import { edges, isArea, middle } from "./shape.js";
import { selection } from "./store.js";
import { whyShown } from "./evidence.js";
import { clockOf } from "./words.js";
import { zoneAround } from "./zone.js";

const MOST_MIDDLES = 400;
const feature = (geometry, properties) => ({ type: "Feature", geometry, properties });
const point = (place, properties) => feature({ type: "Point", coordinates: place }, properties);
const line = (coordinates, properties) => feature({ type: "LineString", coordinates }, properties);

// The zone of a fence that stays as it is is worked out once.
const zones = new WeakMap();
function zoneOf(fence) {
  if (!zones.has(fence)) zones.set(fence, zoneAround(fence.geometry, fence.near_m));
  return zones.get(fence);
}

/** Fences of the hub: shape, name with when a sleeping one wakes, and its zone of warning. */
export function fenceFeatures() {
  const chosen = selection.value?.type === "fence" ? selection.value.id : null;
  const hidden = draft.value?.id;
  return fences.value.filter((fence) => fence.id !== hidden).flatMap((fence) => {
    const sleeping = asleep(fence);
    const look = { severity: fence.severity, chosen: fence.id === chosen, asleep: sleeping !== null, line: !isArea(fence.geometry) };
    const name = !sleeping ? fence.name : `${fence.name}\n${sleeping.changes_at ? t("fence.wakes", { at: clockOf(sleeping.changes_at) }) : t("fence.sleeps")}`;
    const warning = { ...look, severity: fence.warning_severity ?? fence.severity, zone: true };
    return [feature(fence.geometry, { id: fence.id, name, zone: false, ...look }), ...(fence.near_m ? [feature(zoneOf(fence), warning)] : [])];
  });
}

const draftZone = computed(() => {
  const fence = draft.value;
  if (!fence?.geometry || !fence.near_m || corners.value) return [];
  return [feature(zoneAround(fence.geometry, fence.near_m), { part: "zone" })];
});

function beingDrawn() {
  const drawn = corners.value;
  const ahead = pointer.value && drawn.length ? [line([drawn.at(-1), pointer.value, ...(drawsArea.value && drawn.length > 1 ? [drawn[0]] : [])], { part: "ahead" })] : [];
  return [
    ...(drawsArea.value && drawn.length > 2 ? [feature({ type: "Polygon", coordinates: [[...drawn, drawn[0]]] }, { part: "area" })] : []),
    ...(drawn.length > 1 ? [line(drawn, { part: "line" })] : []),
    ...ahead,
    ...drawn.map((corner, index) => point(corner, { part: "corner", outline: 0, corner: index, held: index === drawn.length - 1 })),
  ];
}

function beingChanged() {
  const { geometry } = draft.value;
  const found = draftOutlines.value;
  const count = found.reduce((sum, outline) => sum + outline.corners.length, 0);
  const middles = count > MOST_MIDDLES ? [] : found.flatMap((outline, number) => edges(outline).map((edge, corner) => point(middle(edge), { part: "middle", outline: number, corner })));
  const handles = found.flatMap((outline, number) => outline.corners.map((place, corner) =>
    point(place, { part: "corner", outline: number, corner, held: held.value?.outline === number && held.value.corner === corner })));
  return [feature(geometry, { part: isAreaDraft.value ? "area" : "line", arrows: !isAreaDraft.value }), ...middles, ...handles];
}

export function draftFeatures() {
  if (!draft.value) return [];
  const shape = corners.value ? beingDrawn() : draft.value.geometry ? beingChanged() : [];
  const wrong = [...draftCrossings.value, ...(wrongPlace.value ? [wrongPlace.value] : [])];
  return [...draftZone.value, ...shape, ...wrong.map((place) => point(place, { part: "wrong" }))];
}

/** Fixes with their ellipses, the way between them, and where the border was crossed, of the alert that is selected. */
export function whyFeatures() {
  const why = whyShown.value;
  if (!why) return [];
  const { fixes, crossing, possible } = why;
  return [
    ...fixes.map((fix) => feature({ type: "Polygon", coordinates: [ellipseRing(fix.longitude, fix.latitude, fix.ellipse)] }, { part: "ellipse" })),
    ...(fixes.length > 1 ? [line(fixes.map((fix) => [fix.longitude, fix.latitude]), { part: "way", possible })] : []),
    ...fixes.map((fix, index) => point([fix.longitude, fix.latitude], { part: "fix", name: `${index + 1} · ${clockOf(fix.observed_at)}` })),
    point([crossing.longitude, crossing.latitude], { part: "crossing", possible, name: possible ? t("why.possibly_here") : t("why.here") }),
  ];
}
