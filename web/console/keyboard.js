// One key, one deed; none of them destroys anything, none works while somebody types.
import { acknowledge, alertById, canAcknowledge, canResolve, resolving, settle, step } from "./alerts.js";
import { flyToSelected } from "./detail.js";
import { corners, draft } from "./draft.js";
import { middle } from "./map.js";
import { goLive, togglePlay } from "./moment.js";
import { askAboutSelected } from "./near.js";
import { measured } from "./readout.js";
import { dialog, mayEdit, mayIdentify, select, selection, session } from "./store.js";

const chosenAlert = () => (selection.value?.type === "alert" ? alertById(selection.value.id) : null);

function escape() {
  if (resolving.value) resolving.value = false;
  else if (measured.value) measured.value = null;
  else if (!draft.value) select("", null);
}

const DEEDS = {
  KeyJ: () => step(1),
  KeyK: () => step(-1),
  KeyA: () => mayEdit.value && canAcknowledge(chosenAlert()) && acknowledge(chosenAlert()),
  KeyR: () => mayEdit.value && canResolve(chosenAlert()) && (resolving.value = true),
  KeyF: flyToSelected,
  KeyN: settle,
  KeyT: () => (dialog.value = "table"),
  KeyP: () => mayIdentify.value && (dialog.value = "desk"),
  KeyW: () => askAboutSelected(middle()),
  KeyL: goLive,
  Slash: (key) => (dialog.value = key.shiftKey ? "help" : "search"),
  Space: togglePlay,
  Escape: escape,
};

const typing = (target) => target.closest?.("input:not([type=radio]):not([type=checkbox]), textarea, select, dialog, [contenteditable]");
const pressing = (key) => key.code === "Space" && key.target.closest?.("button, a, input, [role=slider]");

/** Physical keys, so that a Russian layout needs no switching. */
export function listen() {
  addEventListener("keydown", (key) => {
    if (!session.value || dialog.value || key.ctrlKey || key.metaKey || key.altKey) return;
    const deed = DEEDS[key.code];
    if (!deed || typing(key.target) || pressing(key) || (corners.value && key.code !== "Slash")) return;
    key.preventDefault();
    deed(key);
  });
}
