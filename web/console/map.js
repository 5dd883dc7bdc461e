// The map: MapLibre on our own style, with what one can do by pointer and key.
import { useEffect, useRef } from "preact/hooks";
import { effect, signal, untracked } from "@preact/signals";
import { Map as MapLibre, setWorkerUrl } from "maplibre-gl";
import { drawBaseMap } from "./base_map.js";
import { distanceM, extent } from "./coordinates.js";
import { allDetections } from "./detections.js";
import { draft } from "./draft.js";
import { fences, fencesKnown } from "./fences.js";
import { layers as siteLayers } from "./feed.js";
import { html } from "./html.js";
import { language, t } from "./i18n.js";
import { drawClick, drawCursor, drawOn } from "./map_drawing.js";
import { feedMap } from "./map_sources.js";
import { askNear } from "./near.js";
import { arrived, viewTime, visit } from "./moment.js";
import { paintImages } from "./map_images.js";
import { repaint, style } from "./map_style.js";
import { tell } from "./notices.js";
import { addMeasured, measured, metresPerPixel, pointer } from "./readout.js";
import { narrowTab, select, selection, site } from "./store.js";
import { shown, subjectsKnown } from "./subjects.js";
import { reducedMotion, theme } from "./theme.js";
import { shownTracks } from "./tracks.js";

setWorkerUrl(new URL("../vendor/maplibre-gl-worker.mjs", import.meta.url).href);

const CLICKABLE = ["alert", "mover", "animal", "detection", "wildlife", "camera", "camera-dot", "fence-line"];
const REACH_PX = 5;
const EDGE_PX = 48;
const CLOSE_ZOOM = 11.5;

let map = null;
export const mapProblem = signal(null);
export const mapReady = signal(false);

const quick = () => ({ animate: !reducedMotion.matches, duration: 150 });

/** Pixels of the map that the detail panel hides where there is no room for a third column. */
function covered() {
  const panel = document.querySelector(".side-open");
  const hidden = { right: 0, bottom: 0 };
  if (!map || !panel || getComputedStyle(panel).position !== "absolute") return hidden;
  const [ground, over] = [map.getContainer().getBoundingClientRect(), panel.getBoundingClientRect()];
  if (over.left > ground.left) hidden.right = Math.max(0, ground.right - over.left);
  else if (over.top > ground.top + EDGE_PX) hidden.bottom = Math.max(0, ground.bottom - over.top);
  return hidden;
}

/** Bring a place into the middle, near enough to see it. */
export function flyTo({ longitude, latitude }) {
  narrowTab.value = "map";
  const { right, bottom } = covered();
  map?.easeTo({ center: [longitude, latitude], zoom: Math.max(map.getZoom(), CLOSE_ZOOM), offset: [-right / 2, -bottom / 2], ...quick() });
}

export function showExtent(geojson) {
  const box = extent(geojson);
  const { right, bottom } = covered();
  if (box) map?.fitBounds(box, { padding: { top: EDGE_PX, left: EDGE_PX, right: EDGE_PX + right, bottom: EDGE_PX + bottom }, maxZoom: 13, ...quick() });
}

/** Every place that something is at or came by. */
const occupied = () => [
  ...fences.peek().map(({ geometry }) => geometry.coordinates),
  ...[...shown().values()].filter(({ longitude }) => longitude !== null).map(({ longitude, latitude }) => [longitude, latitude]),
  ...allDetections().filter(({ longitude }) => longitude !== null).map(({ longitude, latitude }) => [longitude, latitude]),
  ...[...shownTracks().values()].flatMap(({ points }) => points.longitude.map((longitude, index) => [longitude, points.latitude[index]])),
];

/** Whole site: its boundary if it has one, else all that is there, else around its centre. */
export function showSite() {
  const boundary = siteLayers.peek().find((layer) => layer.role === "boundary");
  const there = boundary?.geojson ?? occupied();
  if (extent(there)) showExtent(there);
  else map?.jumpTo({ center: site.peek().centre, zoom: 8 });
}

export const zoomBy = (step) => map?.easeTo({ zoom: map.getZoom() + step, ...quick() });

function nearest(at) {
  const box = [[at.x - REACH_PX, at.y - REACH_PX], [at.x + REACH_PX, at.y + REACH_PX]];
  const found = map.queryRenderedFeatures(box, { layers: CLICKABLE });
  return found.sort((a, b) => CLICKABLE.indexOf(a.layer.id) - CLICKABLE.indexOf(b.layer.id))[0];
}

function click({ point, lngLat }) {
  const place = [lngLat.lng, lngLat.lat];
  if (draft.value) return drawClick(map, point, place);
  if (measured.value) return addMeasured(place);
  const found = nearest(point);
  if (!found) return select("subject", null);
  const { id, crossed_at: crossed } = found.properties;
  if (crossed) return visit(Date.parse(crossed), 7 * 86_400);
  if (found.layer.id === "alert") return select("alert", id);
  if (found.layer.id === "fence-line") return select("fence", id);
  if (found.layer.id === "detection" || found.layer.id === "wildlife") return select("detection", id);
  return select("subject", id);
}

/** Right click, or a long press: what was near here, then. */
function askHere({ lngLat, originalEvent }) {
  originalEvent.preventDefault();
  if (draft.value || measured.value) return;
  const { lng, lat } = lngLat.wrap();
  askNear({ longitude: lng, latitude: lat, at: viewTime.peek() });
}

/** [longitude, latitude] in the middle of the map; null while there is none. */
export function middle() {
  const centre = map?.getCenter().wrap();
  return centre ? [centre.lng, centre.lat] : null;
}

function measureGround() {
  const { clientWidth, clientHeight } = map.getContainer();
  const [left, right] = [-50, 50].map((offset) => map.unproject([clientWidth / 2 + offset, clientHeight / 2]));
  metresPerPixel.value = distanceM([left.lng, left.lat], [right.lng, right.lat]) / 100;
}

function open(container) {
  map = new MapLibre({
    container, style: style(), center: site.value.centre, zoom: 8, attributionControl: false, pitchWithRotate: false, dragRotate: false,
    fadeDuration: reducedMotion.matches ? 0 : 150, maxZoom: 18,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.on("move", measureGround);
  map.on("click", click);
  map.on("contextmenu", askHere);
  map.on("mousemove", ({ point, lngLat }) => {
    pointer.value = [lngLat.lng, lngLat.lat];
    map.getCanvas().style.cursor = draft.value ? drawCursor(map, point) : measured.value ? "crosshair" : nearest(point) ? "pointer" : "";
  });
  map.on("mouseout", () => (pointer.value = null));
  return map;
}

export function MapView() {
  const container = useRef(null);
  useEffect(() => {
    const stops = [];
    try {
      open(container.current);
    } catch (failure) {
      mapProblem.value = failure.message;
      return undefined;
    }
    stops.push(drawOn(map));
    map.once("load", () => {
      measureGround();
      paintImages(map);
      stops.push(feedMap(map));
      stops.push(effect(() => {
        theme.value;
        repaint(map);
        paintImages(map);
      }));
      stops.push(effect(() => {
        site.value, siteLayers.value, subjectsKnown.value, fencesKnown.value;
        if (site.value) untracked(showSite);
      }));
      stops.push(effect(() => {
        if (arrived.value) untracked(showSite);
      }));
      drawBaseMap(map).catch((failure) => tell(t("map.no_base", { detail: failure.message }), "warning"));
      map.on("sourcedata", ({ sourceId, isSourceLoaded }) => {
        if (sourceId === "subjects" && isSourceLoaded && subjectsKnown.value) container.current.dataset.drawn = "yes";
      });
      mapReady.value = true;
    });
    stops.push(effect(() => map.getCanvas().setAttribute("aria-label", t("map.label", { language: language.value }))));
    stops.push(effect(() => {
      const fence = selection.value?.type === "fence" && fences.peek().find(({ id }) => id === selection.value.id);
      if (fence) requestAnimationFrame(() => showExtent(fence.geometry)); // once the panel that hides part of the map is there
    }));
    const resized = new ResizeObserver(() => map.resize());
    resized.observe(container.current);
    return () => {
      resized.disconnect();
      stops.forEach((stop) => stop());
      map.remove();
      map = null;
      mapReady.value = false;
    };
  }, []);
  return html`<div class="map-ground" ref=${container}></div>
    ${mapProblem.value && html`<div class="blank map-blank"><p>${t("map.no_webgl")}</p><p class="muted">${t("map.use_table")}</p></div>`}`;
}
