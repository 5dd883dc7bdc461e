// Watched areas: those of the hub, and the one being drawn or edited.
import { batch, signal } from "@preact/signals";
import { list, put, remove } from "./api.js";
import { siteId } from "./store.js";
import { uuid7 } from "./uuid7.js";

export const TRIGGERS = ["enter", "exit", "through", "present"];

export const fences = signal([]);
export const fencesKnown = signal(false);
export const fencesProblem = signal(null);

/** null, or {id, version|null, name, severity, triggers, geometry|null, ...}: version null = not saved yet. */
export const draft = signal(null);
/** Corners of the polygon being drawn, or null when nobody draws. */
export const corners = signal(null);

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
  } catch (problem) {
    fencesProblem.value = problem;
  }
}

export function forgetFences() {
  batch(() => {
    fences.value = [];
    fencesKnown.value = false;
    fencesProblem.value = null;
    draft.value = null;
    corners.value = null;
  });
}

export function startDrawing() {
  batch(() => {
    draft.value = { id: uuid7(), version: null, name: "", severity: "high", triggers: ["enter"], watches: [], colour: "", attributes: {}, geometry: null };
    corners.value = [];
  });
}

export const addCorner = (corner) => (corners.value = [...corners.value, corner]);
export const undoCorner = () => (corners.value = corners.value.slice(0, -1));

/** Close the polygon; false while it has fewer than three corners. */
export function closePolygon() {
  if (corners.value.length < 3) return false;
  batch(() => {
    draft.value = { ...draft.value, geometry: { type: "Polygon", coordinates: [[...corners.value, corners.value[0]]] } };
    corners.value = null;
  });
  return true;
}

export function cancelDraft() {
  batch(() => {
    draft.value = null;
    corners.value = null;
  });
}

export const edit = (fence) => (draft.value = { ...fence });

const path = (id) => `/sites/${siteId.value}/fences/${id}`;

export async function saveDraft() {
  const { id, site, version, recorded_at, ...record } = draft.value;
  const saved = await put(path(id), record, version);
  await loadFences();
  cancelDraft();
  return saved;
}

export async function deleteFence(fence) {
  await remove(path(fence.id), fence.version);
  await loadFences();
  cancelDraft();
}
