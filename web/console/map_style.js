// The look of the map, made from the design tokens: one list of layers for every theme.
import { token } from "./theme.js";

const FONT = ["system-ui, Segoe UI, Roboto, Noto Sans, DejaVu Sans"];
const SMALL = ["interpolate", ["linear"], ["zoom"], 8, 11, 13, 13];

/** Sources filled by map_sources.js, in no order. */
export const SOURCES = [
  "land", "borders", "site", "fences", "ranges", "tracks", "ellipses", "elsewhere", "cameras", "subjects", "detections", "alerts", "selected", "why", "near", "draft", "measure",
];

const empty = { type: "FeatureCollection", features: [] };
const source = (name) => ({ type: "geojson", data: empty, promoteId: "id", ...(name === "land" ? { maxzoom: 10, tolerance: 0.3 } : {}) });

export const style = () => ({
  version: 8,
  sources: Object.fromEntries(SOURCES.map((name) => [name, source(name)])),
  layers: layers(),
});

const role = (name) => ["==", ["get", "role"], name];
const is = (property, value) => ["==", ["get", property], value];
const chosen = ["boolean", ["get", "chosen"], false];
const asleep = ["boolean", ["get", "asleep"], false];
/** Across a line, in the direction in which it is entered: from the left of how it was drawn to the right. */
const arrows = { "symbol-placement": "line", "symbol-spacing": 90, "icon-image": "into", "icon-allow-overlap": true, "icon-rotation-alignment": "map" };
const byToken = (property, names) => ["match", ["get", property], ...names.flatMap((name) => [name, token(name)]), token("info")];
const severityColour = () => byToken("severity", ["critical", "high", "medium", "low"]);
const fenceColour = () => ["case", asleep, token("muted"), severityColour()];
const hueColour = () => ["match", ["get", "hue"], ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap((hue) => [hue, token(`hue-${hue}`)]), token("patrol")];

/** Opacity that grows from the whole site to a close view. */
const quiet = (far, close) => ["interpolate", ["linear"], ["zoom"], 8, far, 10.5, close];
/** A name beside its mark, on whichever side there is room. */
const beside = (ems) => ({ "text-variable-anchor": ["top", "bottom", "right", "left"], "text-radial-offset": ems, "text-justify": "auto" });

const label = (id, from, text, { colour, filter, minzoom, offset = [0, 1.1], anchor = "top", size = SMALL, more = {} }) => ({
  id, type: "symbol", source: from, ...(filter ? { filter } : {}), ...(minzoom ? { minzoom } : {}),
  layout: { "text-field": text, "text-font": FONT, "text-size": size, "text-offset": offset, "text-anchor": anchor, "text-optional": true, "text-padding": 4, ...more },
  paint: { "text-color": token(colour), "text-halo-color": token("halo"), "text-halo-width": 1.5 },
});

export function layers() {
  return [
    { id: "sea", type: "background", paint: { "background-color": token("water") } },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": token("ground") } },
    { id: "forest", type: "fill", source: "site", filter: role("forest"), paint: { "fill-color": token("forest") } },
    { id: "water-area", type: "fill", source: "site", filter: ["all", role("water"), ["==", ["geometry-type"], "Polygon"]], paint: { "fill-color": token("water") } },
    { id: "water-line", type: "line", source: "site", filter: ["all", role("water"), ["==", ["geometry-type"], "LineString"]], layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": token("water"), "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.6, 13, 3] } },
    { id: "road", type: "line", source: "site", filter: role("road"), layout: { "line-join": "round" }, paint: { "line-color": token("road"), "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.7, 13, 3] } },
    { id: "country", type: "line", source: "borders", paint: { "line-color": token("border"), "line-width": 1, "line-dasharray": [4, 2] } },
    { id: "site-border", type: "line", source: "site", filter: role("border"), paint: { "line-color": token("border"), "line-width": 1.2, "line-dasharray": [6, 2, 1, 2] } },
    { id: "site-other", type: "line", source: "site", filter: role("other"), paint: { "line-color": token("line"), "line-width": 1 } },
    { id: "boundary-glow", type: "line", source: "site", filter: role("boundary"), paint: { "line-color": token("accent"), "line-width": 7, "line-opacity": 0.14, "line-offset": 3 } },
    { id: "boundary", type: "line", source: "site", filter: role("boundary"), paint: { "line-color": token("accent"), "line-width": 1.6 } },
    { id: "fence-area", type: "fill", source: "fences", filter: ["all", is("zone", false), ["==", ["geometry-type"], "Polygon"]], paint: { "fill-color": fenceColour(), "fill-opacity": ["case", chosen, 0.16, asleep, 0.02, 0.05] } },
    { id: "fence-line", type: "line", source: "fences", filter: is("zone", false), layout: { "line-join": "round" }, paint: { "line-color": fenceColour(), "line-opacity": ["interpolate", ["linear"], ["zoom"], 8, ["case", chosen, 0.9, asleep, 0.3, 0.5], 11, ["case", asleep, 0.55, 0.9]], "line-width": ["case", chosen, 2.6, 1.5] } },
    { id: "fence-zone", type: "line", source: "fences", filter: is("zone", true), layout: { "line-join": "round" }, paint: { "line-color": fenceColour(), "line-opacity": ["case", chosen, 0.9, asleep, 0.25, 0.5], "line-width": ["case", chosen, 1.6, 1], "line-dasharray": [4, 3] } },
    { id: "fence-arrow", type: "symbol", source: "fences", minzoom: 8, filter: ["all", is("zone", false), is("line", true)], layout: arrows, paint: { "icon-opacity": ["case", asleep, 0.4, 0.9] } },
    { id: "range-occurrence", type: "fill", source: "ranges", filter: is("product", "occurrence"), paint: { "fill-color": hueColour(), "fill-opacity": 0.12 } },
    { id: "range-home", type: "line", source: "ranges", filter: is("product", "home_range"), layout: { "line-join": "round" }, paint: { "line-color": hueColour(), "line-width": ["case", ["get", "core"], 1.2, 2], "line-dasharray": [4, 2] } },
    { id: "track", type: "line", source: "tracks", filter: ["==", ["geometry-type"], "LineString"], layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": hueColour(), "line-width": ["case", ["boolean", ["get", "chosen"], false], 3, 1.4], "line-opacity": ["*", ["coalesce", ["get", "share"], 1], ["-", 1, ["*", 0.85, ["get", "age"]]], ["case", ["boolean", ["get", "chosen"], false], 1, ["==", ["get", "hue"], 0], 0.4, 0.6]] } },
    { id: "track-fix", type: "circle", source: "tracks", filter: ["!=", ["geometry-type"], "LineString"], paint: { "circle-color": hueColour(), "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 1.2, 12, 3], "circle-opacity": ["*", ["coalesce", ["get", "share"], 1], ["-", 1, ["*", 0.7, ["get", "age"]]]], "circle-stroke-color": token("halo"), "circle-stroke-width": 0.8 } },
    { id: "ellipse", type: "fill", source: "ellipses", paint: { "fill-color": hueColour(), "fill-opacity": ["*", 0.11, ["get", "fresh"]] } },
    { id: "ellipse-line", type: "line", source: "ellipses", filter: ["!", ["get", "generalised"]], paint: { "line-color": hueColour(), "line-width": 0.8, "line-opacity": ["*", 0.45, ["get", "fresh"]] } },
    { id: "generalised-line", type: "line", source: "ellipses", filter: ["get", "generalised"], paint: { "line-color": hueColour(), "line-width": 1, "line-opacity": 0.6, "line-dasharray": [2, 3] } },
    { id: "elsewhere-way", type: "line", source: "elsewhere", filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": hueColour(), "line-width": 2, "line-dasharray": [1.5, 1.5] } },
    { id: "elsewhere-ring", type: "circle", source: "elsewhere", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": token("ground"), "circle-opacity": 0.6, "circle-radius": ["interpolate", ["linear"], ["zoom"], 6, 3.5, 10, 7], "circle-stroke-color": hueColour(), "circle-stroke-width": 2 } },
    { id: "camera-dot", type: "circle", source: "cameras", maxzoom: 10.5, paint: { "circle-color": ["case", ["==", ["get", "state"], "silent"], token("ground"), token("camera")], "circle-radius": ["interpolate", ["linear"], ["zoom"], 6, 0.8, 10, 2.4], "circle-stroke-color": token("camera"), "circle-stroke-width": ["case", ["==", ["get", "state"], "silent"], 1, 0], "circle-opacity": quiet(0.3, 0.75), "circle-stroke-opacity": quiet(0.35, 0.9) } },
    { id: "camera", type: "symbol", source: "cameras", minzoom: 10.5, layout: { "icon-image": ["concat", ["get", "icon"], "-", ["get", "state"]], "icon-size": 0.75, "icon-allow-overlap": true }, paint: { "icon-opacity": 0.9 } },
    label("camera-name", "cameras", ["get", "name"], { colour: "muted", minzoom: 12 }),
    { id: "wildlife", type: "symbol", source: "detections", minzoom: 10.5, filter: ["==", ["get", "icon"], "paw"], layout: { "icon-image": "seen-paw", "icon-size": 0.75 }, paint: { "icon-opacity": ["*", 0.8, ["get", "fresh"]] } },
    { id: "detection", type: "symbol", source: "detections", filter: ["!=", ["get", "icon"], "paw"], layout: { "icon-image": ["concat", "seen-", ["get", "icon"]], "icon-size": ["interpolate", ["linear"], ["zoom"], 7, 0.55, 11, 0.85], "icon-allow-overlap": true }, paint: { "icon-opacity": ["get", "fresh"] } },
    // Names lie under the marks: what lies on top is placed first, and so no name covers a mark.
    label("settlement", "site", ["coalesce", ["get", "name"], ""], { colour: "place-ink", filter: ["all", role("settlement"), ["==", ["geometry-type"], "Point"]], offset: [0, 0], anchor: "center" }),
    label("water-name", "site", ["coalesce", ["get", "name"], ""], { colour: "water-ink", filter: ["all", role("water"), ["has", "name"]], minzoom: 9, more: { "symbol-placement": "line", "text-anchor": "center", "text-offset": [0, 0] } }),
    label("fence-name", "fences", ["get", "name"], { colour: "muted", minzoom: 8.5, filter: is("zone", false), offset: [0, 0], anchor: "center" }),
    label("mover-name", "subjects", ["get", "label"], { colour: "ink", filter: ["!=", ["get", "kind"], "individual"], minzoom: 7.5, more: beside(1.5) }),
    label("animal-name", "subjects", ["get", "label"], { colour: "ink", filter: ["==", ["get", "kind"], "individual"], minzoom: 9.7, more: { ...beside(0.8), "symbol-sort-key": ["-", 1, ["get", "fresh"]] } }),
    label("alert-name", "alerts", ["get", "name"], { colour: "ink", filter: ["==", ["get", "state"], "new"], minzoom: 7, more: beside(1.4) }),
    { id: "selected", type: "circle", source: "selected", paint: { "circle-color": token("focus"), "circle-opacity": 0.12, "circle-radius": 20, "circle-stroke-color": token("focus"), "circle-stroke-width": 2 } },
    { id: "animal", type: "circle", source: "subjects", filter: ["==", ["get", "kind"], "individual"], paint: { "circle-color": ["case", ["<", ["get", "fresh"], 0.5], token("ground"), hueColour()], "circle-radius": ["interpolate", ["linear"], ["zoom"], 6, 2.5, 10, 5, 13, 7], "circle-stroke-color": ["case", ["<", ["get", "fresh"], 0.5], hueColour(), token("halo")], "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 7, 0.6, 10, 1.5], "circle-opacity": ["max", 0.5, ["get", "fresh"]] } },
    { id: "mover", type: "symbol", source: "subjects", filter: ["!=", ["get", "kind"], "individual"], layout: { "icon-image": ["concat", ["get", "icon"], "-", ["get", "state"]], "icon-size": ["interpolate", ["linear"], ["zoom"], 7, 0.75, 11, 1], "icon-allow-overlap": true, "symbol-sort-key": 0 }, paint: { "icon-opacity": ["max", 0.55, ["get", "fresh"]] } },
    { id: "alert", type: "symbol", source: "alerts", layout: { "icon-image": ["concat", "alert-", ["get", "severity"]], "icon-size": ["case", ["==", ["get", "severity"], "low"], 0.7, ["==", ["get", "state"], "new"], 1, 0.75], "icon-allow-overlap": true, "symbol-sort-key": ["get", "order"] }, paint: { "icon-opacity": ["case", ["==", ["get", "state"], "new"], 1, 0.75] } },
    { id: "why-ellipse", type: "fill", source: "why", filter: is("part", "ellipse"), paint: { "fill-color": token("focus"), "fill-opacity": 0.14 } },
    { id: "why-ellipse-line", type: "line", source: "why", filter: is("part", "ellipse"), paint: { "line-color": token("focus"), "line-width": 1 } },
    { id: "why-way", type: "line", source: "why", filter: ["all", is("part", "way"), is("possible", false)], layout: { "line-cap": "round" }, paint: { "line-color": token("focus"), "line-width": 2.5 } },
    { id: "why-way-possible", type: "line", source: "why", filter: ["all", is("part", "way"), is("possible", true)], paint: { "line-color": token("focus"), "line-width": 2.5, "line-dasharray": [2, 2] } },
    { id: "why-fix", type: "circle", source: "why", filter: is("part", "fix"), paint: { "circle-color": token("focus"), "circle-radius": 4.5, "circle-stroke-color": token("halo"), "circle-stroke-width": 1.5 } },
    { id: "why-crossing", type: "circle", source: "why", filter: is("part", "crossing"), paint: { "circle-color": ["case", ["get", "possible"], token("ground"), token("high")], "circle-radius": 6, "circle-stroke-color": token("high"), "circle-stroke-width": 2.5 } },
    label("why-fix-name", "why", ["get", "name"], { colour: "ink", filter: is("part", "fix"), more: { ...beside(0.9), "text-allow-overlap": false } }),
    { id: "near-area", type: "fill", source: "near", filter: is("what", "ring"), paint: { "fill-color": token("focus"), "fill-opacity": 0.07 } },
    { id: "near-ring", type: "line", source: "near", filter: is("what", "ring"), paint: { "line-color": token("focus"), "line-width": 1.5, "line-dasharray": [3, 2] } },
    { id: "near-item", type: "circle", source: "near", filter: ["any", is("what", "item"), is("what", "chosen")], paint: { "circle-color": token("focus"), "circle-opacity": 0.15, "circle-radius": ["case", is("what", "chosen"), 14, 8], "circle-stroke-color": token("focus"), "circle-stroke-width": ["case", is("what", "chosen"), 3, 1.5] } },
    { id: "near-centre", type: "circle", source: "near", filter: is("what", "centre"), paint: { "circle-color": token("focus"), "circle-radius": 3.5, "circle-stroke-color": token("halo"), "circle-stroke-width": 1.5 } },
    { id: "draft-area", type: "fill", source: "draft", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": token("focus"), "fill-opacity": 0.12 } },
    { id: "draft-line", type: "line", source: "draft", filter: ["match", ["get", "part"], ["area", "line"], true, false], layout: { "line-join": "round" }, paint: { "line-color": token("focus"), "line-width": 2 } },
    { id: "draft-ahead", type: "line", source: "draft", filter: is("part", "ahead"), paint: { "line-color": token("focus"), "line-width": 1.5, "line-dasharray": [2, 2], "line-opacity": 0.7 } },
    { id: "draft-zone", type: "line", source: "draft", filter: is("part", "zone"), paint: { "line-color": token("focus"), "line-width": 1.5, "line-dasharray": [4, 3] } },
    { id: "draft-arrow", type: "symbol", source: "draft", filter: is("arrows", true), layout: arrows },
    { id: "draft-middle", type: "circle", source: "draft", filter: is("part", "middle"), paint: { "circle-color": token("focus"), "circle-radius": 3, "circle-opacity": 0.65, "circle-stroke-color": token("halo"), "circle-stroke-width": 1 } },
    { id: "draft-corner", type: "circle", source: "draft", filter: is("part", "corner"), paint: { "circle-color": ["case", ["get", "held"], token("focus"), token("halo")], "circle-radius": ["case", ["get", "held"], 6.5, 5], "circle-stroke-color": token("focus"), "circle-stroke-width": 2 } },
    { id: "draft-wrong", type: "circle", source: "draft", filter: is("part", "wrong"), paint: { "circle-color": token("critical"), "circle-opacity": 0.25, "circle-radius": 11, "circle-stroke-color": token("critical"), "circle-stroke-width": 2.5 } },
    { id: "measure-line", type: "line", source: "measure", paint: { "line-color": token("ink"), "line-width": 2, "line-dasharray": [2, 1.5] } },
    { id: "measure-corner", type: "circle", source: "measure", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": token("panel"), "circle-radius": 4, "circle-stroke-color": token("ink"), "circle-stroke-width": 1.5 } },
  ];
}

/** Give a map that is already drawn the colours of the present theme. */
export function repaint(map) {
  for (const { id, paint } of layers()) {
    for (const [property, value] of Object.entries(paint ?? {})) map.setPaintProperty(id, property, value);
  }
}
