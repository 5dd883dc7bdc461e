// What the selected alert rests on, as the hub tells it: for the panel on the right and for the map.
import { computed, signal } from "@preact/signals";
import { selection } from "./store.js";

/** The alert that was fetched last with its history, findings, fixes and rule, or null. */
export const wholeAlert = signal(null);

/** Not seen, only likely by the time between two fixes. */
export const isPossible = (alert) => alert.kind === "possible_crossing";

/** What the map highlights: {fixes, crossing, possible}; null when no alert with exact fixes is selected. */
export const whyShown = computed(() => {
  const alert = wholeAlert.value;
  if (selection.value?.type !== "alert" || alert?.id !== selection.value.id || !alert.fixes?.length || alert.kind === "present") return null;
  return { fixes: alert.fixes, crossing: alert, possible: isPossible(alert) };
});
