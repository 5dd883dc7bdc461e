// Drawing a fence on the map, and moving its corners, by pointer and key.
import { addCorner, cancelDraft, closeShape, corners, draft, drawsArea, dropCorner, held, placeCorner, reshape, splitEdge, stepBack } from "./draft.js";
import { t } from "./i18n.js";
import { tell } from "./notices.js";
import { outlines } from "./shape.js";
import { mayEdit } from "./store.js";

const HANDLES = ["draft-corner", "draft-middle"];
const REACH_PX = 9;
const STEPS_PX = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] };

const busy = () => corners.value !== null;
const changing = () => draft.value?.geometry && !busy() && mayEdit.value;

/** The corner or the middle of an edge under the pointer: {layer, outline, corner}, or null. */
function handleAt(map, { x, y }) {
  if (!changing()) return null;
  const found = map.queryRenderedFeatures([[x - REACH_PX, y - REACH_PX], [x + REACH_PX, y + REACH_PX]], { layers: HANDLES });
  const [one] = found.sort((a, b) => HANDLES.indexOf(a.layer.id) - HANDLES.indexOf(b.layer.id));
  return one ? { layer: one.layer.id, outline: one.properties.outline, corner: one.properties.corner } : null;
}

export function drawClick(map, point, place) {
  if (busy()) return addCorner(place);
  const handle = handleAt(map, point);
  if (handle?.layer === "draft-middle") splitEdge(handle, place);
  else held.value = handle && { outline: handle.outline, corner: handle.corner };
}

export const drawCursor = (map, point) => (busy() ? "crosshair" : handleAt(map, point) ? "move" : "");

function finish() {
  if (!closeShape()) tell(t(drawsArea.value ? "draw.three" : "draw.two"), "warning");
}

/** The second click of a double click set a corner on top of the first. */
function doubleClick(happening) {
  if (!busy()) return;
  happening.preventDefault();
  corners.value = corners.value.slice(0, -1);
  finish();
}

/** Take a corner along while the pointer is down. */
function grab(map, happening) {
  const handle = handleAt(map, happening.point);
  if (!handle || handle.layer !== "draft-corner") return;
  happening.preventDefault(); // the map stays where it is
  const corner = { outline: handle.outline, corner: handle.corner };
  const start = draft.value.geometry;
  held.value = corner;
  const move = ({ lngLat }) => placeCorner(corner, [lngLat.lng, lngLat.lat], false);
  const drop = () => {
    for (const name of ["mousemove", "touchmove"]) map.off(name, move);
    const moved = draft.value?.geometry;
    if (!moved || moved === start) return;
    reshape(start, false); // so that the whole way of the corner is one step back
    reshape(moved);
  };
  for (const name of ["mousemove", "touchmove"]) map.on(name, move);
  map.once(happening.type === "mousedown" ? "mouseup" : "touchend", drop);
}

function nudge(map, [x, y], fine) {
  const { outline, corner } = held.value;
  const at = map.project(outlines(draft.value.geometry)[outline].corners[corner]);
  const step = fine ? 8 : 1;
  const { lng, lat } = map.unproject([at.x + x / step, at.y + y / step]);
  placeCorner(held.value, [lng, lat]);
}

const inField = (target) => target.closest?.("input, select, textarea, button, summary, dialog");

function keys(map, key) {
  if (!draft.value || key.ctrlKey || key.metaKey || key.altKey || key.target.closest?.("dialog")) return;
  if (busy()) {
    if (key.key === "Enter" && !inField(key.target)) finish();
    else if (key.key === "Escape") (draft.value.geometry ? (corners.value = null) : cancelDraft());
    else if (key.key === "Backspace" && !inField(key.target)) stepBack();
    else return;
  } else if (held.value && !inField(key.target)) {
    if (key.key === "Delete" || key.key === "Backspace") drop();
    else if (key.key === "Escape") held.value = null;
    else if (key.key in STEPS_PX) nudge(map, STEPS_PX[key.key], key.shiftKey);
    else return;
  } else return;
  key.preventDefault();
  key.stopPropagation();
}

/** Take the corner in hand away, or say why it stays. */
export function drop() {
  if (!dropCorner(held.value)) tell(t(drawsArea.value ? "draw.three" : "draw.two"), "warning");
}

/** Let people draw on a map; returns the function that ends it. */
export function drawOn(map) {
  const pressed = (happening) => grab(map, happening);
  const typed = (key) => keys(map, key);
  map.on("dblclick", doubleClick);
  map.on("mousedown", pressed);
  map.on("touchstart", pressed);
  addEventListener("keydown", typed, true);
  return () => removeEventListener("keydown", typed, true);
}
