// From the state of the console to GeoJSON, one source a function, never more often than five times a second.
import { computed, effect } from "@preact/signals";
import { alertById, noticed, queue } from "./alerts.js";
import { ellipseRing } from "./coordinates.js";
import { crossings } from "./crossings.js";
import { detectionIcon, detectionsAt } from "./detections.js";
import { layers as siteLayers } from "./feed.js";
import { draftFeatures, fenceFeatures, whyFeatures } from "./map_fences.js";
import { elsewhereFeatures } from "./known.js";
import { isLive, viewTime, viewTimeCoarse } from "./moment.js";
import { measured } from "./readout.js";
import { chosenItem, found, nearShown } from "./near.js";
import { nearFeatures } from "./near_items.js";
import { paced } from "./paced.js";
import { SEVERITIES } from "./queue.js";
import { rangeFeatures } from "./ranges.js";
import { selection } from "./store.js";
import { ageS, changed, hueOf, iconOf, isCamera, shown, subjectsVersion } from "./subjects.js";
import { chooseTrack, chosenTailS, lastFixes, shownTracks, tail, tailS, tracksVersion, trackOf } from "./tracks.js";
import { age } from "./time.js";
import { language } from "./i18n.js";

const EVERY_MS = 200;
const FADE_S = 12 * 3600;
const STALE_S = 2 * 3600;
const LASTING_H = 24;
const PASSING_H = 3; // who walked or drove past a camera is of interest for so long
const PASSING = new Set(["person", "vehicle"]);
const CHOSEN_FIXES = 60;
const MANY = 500; // above this many movers only the selected one has a tail and an ellipse

const collection = (features) => ({ type: "FeatureCollection", features });
const feature = (geometry, properties) => ({ type: "Feature", geometry, properties });
const point = (longitude, latitude, properties) => feature({ type: "Point", coordinates: [longitude, latitude] }, properties);

const placed = (item) => item.longitude !== null && item.latitude !== null;
const freshness = (item, time) => Math.max(0.25, 1 - ageS(item, time) / FADE_S);

function subjectProperties(item, time) {
  const seconds = ageS(item, time);
  const old = seconds > STALE_S && item.kind !== "place";
  return {
    id: item.id, kind: item.kind, state: item.state, icon: iconOf(item), hue: item.kind === "individual" ? hueOf(item.id) : 0,
    name: item.name, fresh: freshness(item, time),
    label: old ? `${item.name}\n${age(seconds, language.peek())}` : item.name,
  };
}

const subjectPoint = (item, time) => point(item.longitude, item.latitude, subjectProperties(item, time));

function subjectFeatures(time) {
  return [...shown().values()].filter((item) => placed(item) && item.kind !== "place").map((item) => subjectPoint(item, time));
}

function cameraFeatures() {
  return [...shown().values()].filter((item) => placed(item) && item.kind === "place")
    .map((item) => point(item.longitude, item.latitude, { id: item.id, name: item.name, state: item.state, icon: isCamera(item) ? "camera" : "mast" }));
}

function moversDrawn(chosen) {
  const movers = [...shown().values()].filter((item) => placed(item) && item.kind !== "place");
  return movers.length > MANY ? movers.filter((item) => item.id === chosen) : movers;
}

/** How sure each of the last places of the chosen animal is. */
function chosenEllipses(time, chosen) {
  const track = trackOf(chosen);
  if (track?.subject.kind !== "individual" || track.generalised) return [];
  return lastFixes(track.points, CHOSEN_FIXES, time / 1000).slice(1).filter((fix) => fix.semi_major_m > 0).map((fix) =>
    feature({ type: "Polygon", coordinates: [ellipseRing(fix.longitude, fix.latitude, fix)] }, { hue: hueOf(chosen), fresh: 0.5, generalised: false }));
}

function ellipseFeatures(time, chosen) {
  return moversDrawn(chosen).flatMap((item) => {
    const radius = item.uncertainty_m ?? 0;
    const ellipse = (item.generalised ? null : item.ellipse) ?? (radius > 0 ? { semi_major_m: radius, semi_minor_m: radius, orientation_deg: 0 } : null);
    if (!ellipse) return [];
    return [feature({ type: "Polygon", coordinates: [ellipseRing(item.longitude, item.latitude, ellipse)] }, {
      hue: item.kind === "individual" ? hueOf(item.id) : 0, fresh: freshness(item, time), generalised: Boolean(item.generalised),
    })];
  });
}

function trackFeatures(time, chosen) {
  const tracks = shownTracks();
  const drawn = tracks.size > MANY ? [trackOf(chosen)].filter(Boolean) : [...tracks.values()];
  return drawn.flatMap((track) => {
    const isChosen = track.subject.id === chosen;
    const animal = track.subject.kind === "individual";
    const look = { chosen: isChosen, hue: animal ? hueOf(track.subject.id) : 0 };
    const pieces = tail(track.points, time / 1000, isChosen && animal ? chosenTailS() : tailS());
    const lines = pieces.map(({ age: old, share, coordinates }) => feature({ type: "LineString", coordinates }, { ...look, age: old, share }));
    const fixes = isChosen && animal ? pieces.map(({ age: old, share, coordinates }) => feature({ type: "MultiPoint", coordinates }, { ...look, age: old, share })) : [];
    return [...lines, ...fixes];
  });
}

const alertFeatures = () => queue.value.filter((alert) => alert.state === "new" || alert.state === "acknowledged")
  .map((alert) => point(alert.longitude, alert.latitude, {
    id: alert.id, severity: alert.severity, state: alert.state, name: noticed(alert) ?? alert.subject_name, order: -SEVERITIES.indexOf(alert.severity),
  }));

/** Where the chosen fence was crossed, quieter than an alert. */
const crossingFeatures = () => (crossings.value ?? []).map((one) =>
  point(one.longitude, one.latitude, { id: one.id, crossed_at: one.crossed_at, severity: "info", state: "past", name: "", order: 0 }));

function siteFeatures() {
  return siteLayers.value.flatMap(({ role, geojson }) => (geojson.features ?? [geojson.type === "Feature" ? geojson : feature(geojson, {})])
    .map((item) => feature(item.geometry, {
      role, name: item.properties?.[`name:${language.value}`] ?? item.properties?.name,
    })));
}

function selectedPoint() {
  const chosen = selection.value;
  const item = chosen?.type === "alert" ? alertById(chosen.id) : chosen?.type === "subject" ? shown().get(chosen.id) : null;
  return item && placed(item) ? [point(item.longitude, item.latitude, {})] : [];
}

const chosenSubject = computed(() => {
  const chosen = selection.value;
  return chosen?.type === "subject" ? chosen.id : chosen?.type === "alert" ? alertById(chosen.id)?.subject.id ?? null : null;
});

/** Keep every source of the map up to date; returns the function that stops it. */
export function feedMap(map) {
  const set = (name, features) => map.getSource(name).setData(collection(features));
  let whole = null; // the set of subjects the map holds: a change of place is then only a difference

  const { wish: movers, stop: stopMovers } = paced(() => {
    const time = viewTime.peek();
    const items = shown();
    const key = `${isLive.peek()} ${items.size}`;
    if (isLive.peek() && whole === key && changed.size) {
      const moved = [...changed].map((id) => items.get(id)).filter((item) => item && placed(item));
      map.getSource("subjects").updateData({
        update: moved.filter((item) => item.kind !== "place").map((item) => ({
          id: item.id,
          newGeometry: { type: "Point", coordinates: [item.longitude, item.latitude] },
          addOrUpdateProperties: Object.entries(subjectProperties(item, time)).map(([name, value]) => ({ key: name, value })),
        })),
      });
      if (moved.some((item) => item.kind === "place")) set("cameras", cameraFeatures());
    } else {
      set("subjects", subjectFeatures(time));
      set("cameras", cameraFeatures());
    }
    whole = key;
    changed.clear();
    set("ellipses", [...chosenEllipses(time, chosenSubject.peek()), ...ellipseFeatures(time, chosenSubject.peek())]);
    set("tracks", trackFeatures(time, chosenSubject.peek()));
    set("selected", selectedPoint());
  }, EVERY_MS);

  const stops = [
    effect(() => {
      subjectsVersion.value, tracksVersion.value, selection.value;
      movers();
    }),
    effect(() => {
      viewTimeCoarse.value, language.value; // ages and fading go on when nothing moves
      whole = null;
      movers();
    }),
    effect(() => {
      const id = chosenSubject.value;
      chooseTrack(shown().get(id)?.kind === "individual" ? id : null);
    }),
    effect(() => set("site", siteFeatures())),
    effect(() => set("fences", fenceFeatures())),
    effect(() => set("why", whyFeatures())),
    effect(() => set("alerts", [...crossingFeatures(), ...alertFeatures()])),
    effect(() => {
      const time = viewTimeCoarse.value;
      const longer = tailS() / FADE_S; // on a long time bar a day is nothing
      set("detections", detectionsAt(time, LASTING_H * longer).filter(placed).flatMap((item) => {
        const icon = detectionIcon(item);
        const lastsH = (PASSING.has(icon) ? PASSING_H : LASTING_H) * longer;
        const fresh = 1 - (time - Date.parse(item.observed_at)) / (lastsH * 3_600_000);
        return fresh > 0 ? [point(item.longitude, item.latitude, { id: item.id, icon, fresh: Math.min(1, Math.max(0.3, fresh)) })] : [];
      }));
    }),
    effect(() => set("near", nearShown.value && found.value?.answer ? nearFeatures(found.value.answer, chosenItem.value) : [])),
    effect(() => set("ranges", rangeFeatures())),
    effect(() => set("elsewhere", elsewhereFeatures(hueOf))),
    effect(() => set("draft", draftFeatures())),
    effect(() => {
      const line = measured.value ?? [];
      set("measure", [...(line.length > 1 ? [feature({ type: "LineString", coordinates: line }, {})] : []), ...line.map((corner) => point(...corner, {}))]);
    }),
  ];
  return () => [...stops, stopMovers].forEach((stop) => stop());
}
