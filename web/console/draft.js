// The fence that is being drawn or changed, and not yet the hub's.
import { batch, computed, effect, signal } from "@preact/signals";
import { put, remove } from "./api.js";
import { fences, loadFences } from "./fences.js";
import { orNone } from "./schedule.js";
import { insertCorner, isArea, moveCorner, namedPlace, outlines, removeCorner, selfCrossings, shapeOf, fewest } from "./shape.js";
import { siteId } from "./store.js";
import { uuid7 } from "./uuid7.js";

const MOST_STEPS_BACK = 100;
const NEW = {
  version: null, name: "", severity: "high", triggers: ["enter"], watches: [], colour: "", attributes: {}, geometry: null, edges: "straight",
  sensitivity: "balanced", band_m: null, dwell_s: null, overdue_s: null, near_m: null, approach_s: null, warning_severity: null, schedule: null,
};

/** null, or a fence as the hub has it; version null = not saved yet, geometry null = not drawn yet. */
export const draft = signal(null);
/** Corners of what is being drawn, or null when nobody draws. */
export const corners = signal(null);
/** Is an area being drawn, or a line? */
export const drawsArea = signal(true);
/** The corner in hand: {outline, corner}, or null. */
export const held = signal(null);
/** Where the hub says that the shape is wrong: [longitude, latitude], or null. */
export const wrongPlace = signal(null);
/** Shapes before this one, newest last. */
const before = signal([]);
export const canStepBack = computed(() => (corners.value ? corners.value.length > 0 : before.value.length > 0));

/** Outlines of what is on the map of the draft: drawn so far, or whole. */
export const draftOutlines = computed(() =>
  corners.value ? [{ at: [], closed: false, corners: corners.value }] : draft.value?.geometry ? outlines(draft.value.geometry) : []);
export const isAreaDraft = computed(() => (corners.value || !draft.value?.geometry ? drawsArea.value : isArea(draft.value.geometry)));
/** Where the border crosses itself, as far as it is drawn. A line may do so. */
export const draftCrossings = computed(() => (isAreaDraft.value ? selfCrossings(draftOutlines.value) : []));

const nothing = () => {
  corners.value = null;
  held.value = null;
  wrongPlace.value = null;
  before.value = [];
};

export function startDrawing() {
  batch(() => {
    nothing();
    draft.value = { ...NEW, id: uuid7() };
    corners.value = [];
  });
}

export function edit(fence) {
  batch(() => {
    nothing();
    draft.value = { ...NEW, ...fence };
    drawsArea.value = isArea(fence.geometry);
  });
}

export function cancelDraft() {
  batch(() => {
    nothing();
    draft.value = null;
  });
}

export const change = (fields) => (draft.value = { ...draft.value, ...fields });

/** Area or line: what stays in a line cannot be asked of it. */
export function drawArea(wanted) {
  batch(() => {
    drawsArea.value = wanted;
    if (!wanted && draft.value) change({ band_m: null, dwell_s: null, overdue_s: null, triggers: draft.value.triggers.filter((one) => !["dwell", "overdue", "inside_at_start", "present"].includes(one)) });
  });
}

export const redraw = () => batch(() => {
  drawsArea.value = isArea(draft.value.geometry);
  held.value = null;
  corners.value = [];
});

export const addCorner = (corner) => (corners.value = [...corners.value, corner]);

/** Close what is drawn; false while it has too few corners. */
export function closeShape() {
  if (corners.value.length < fewest(drawsArea.value)) return false;
  batch(() => {
    reshape(shapeOf(corners.value, drawsArea.value));
    corners.value = null;
  });
  return true;
}

/** Another shape for the draft; `kept` false while a corner is on its way, so that one drag is one step back. */
export function reshape(geometry, kept = true) {
  batch(() => {
    if (kept && draft.value.geometry) before.value = [...before.value.slice(-MOST_STEPS_BACK), draft.value.geometry];
    wrongPlace.value = null;
    change({ geometry });
  });
}

export function stepBack() {
  if (corners.value) return void (corners.value = corners.value.slice(0, -1));
  const last = before.value.at(-1);
  if (last) batch(() => {
    before.value = before.value.slice(0, -1);
    held.value = null;
    change({ geometry: last });
  });
}

export const placeCorner = ({ outline, corner }, place, kept = true) => reshape(moveCorner(draft.value.geometry, outline, corner, place), kept);

/** A new corner after another one, and in hand. */
export function splitEdge({ outline, corner }, place) {
  batch(() => {
    reshape(insertCorner(draft.value.geometry, outline, corner, place));
    held.value = { outline, corner: corner + 1 };
  });
}

/** Take a corner away; false where no shape would be left. */
export function dropCorner({ outline, corner }) {
  const geometry = removeCorner(draft.value.geometry, outline, corner);
  if (geometry) batch(() => {
    reshape(geometry);
    held.value = null;
  });
  return geometry !== null;
}

const path = (id) => `/sites/${siteId.value}/fences/${id}`;

/** Save; over whatever version is there if that version is given. */
export async function saveDraft(over = draft.value.version) {
  const { id, site, version, recorded_at, ...record } = draft.value;
  try {
    const saved = await put(path(id), { ...record, schedule: orNone(record.schedule) }, over);
    await loadFences();
    cancelDraft();
    return saved;
  } catch (problem) {
    const named = (problem.body?.errors ?? []).map((one) => one.where && namedPlace(one.where, record.geometry)).find(Boolean);
    if (named) wrongPlace.value = named;
    throw problem;
  }
}

export async function deleteFence(fence) {
  await remove(path(fence.id), fence.version);
  await loadFences();
  cancelDraft();
}

// A draft belongs to the site where it was begun.
effect(() => {
  siteId.value;
  cancelDraft();
});

/** What the hub has of the fence that is being changed. */
export const savedFence = computed(() => fences.value.find(({ id }) => id === draft.value?.id) ?? null);
