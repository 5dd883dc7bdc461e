// "What else was near, then": the question on screen and its answer.
import { computed, effect, signal } from "@preact/signals";
import { alertById } from "./alerts.js";
import { get, query } from "./api.js";
import { viewTime } from "./moment.js";
import { parameters } from "./near_items.js";
import { lasting, select, selection, siteId } from "./store.js";
import { shown } from "./subjects.js";

/** @type {import("@preact/signals").Signal<null|{alert?: string, observation?: string, longitude?: number, latitude?: number, at?: number|string}>} */
export const asked = signal(null);
export const radiusM = lasting("near_radius", "500");
export const windowS = lasting("near_window", "3600");
/** @type {import("@preact/signals").Signal<null|{loading: boolean, answer: object|null, problem: Error|null}>} */
export const found = signal(null);
export const chosenItem = signal(null);
const attempt = signal(0);

export const nearShown = computed(() => selection.value?.type === "near");

/** Open the panel with a question. What was selected is where "back" leads. */
export function askNear(question) {
  const from = selection.peek();
  asked.value = { ...question, from: from?.type === "near" ? asked.peek()?.from : from };
  found.value = null;
  select("near", "near");
}

export const askAgain = () => attempt.value++;

/** W: about the selected alert or subject; with none, about the given middle of the map at the moment on screen. */
export function askAboutSelected(centre) {
  const chosen = selection.peek();
  if (chosen?.type === "near") return;
  if (chosen?.type === "alert" && alertById(chosen.id)) return askNear({ alert: chosen.id });
  const item = chosen?.type === "subject" ? shown().get(chosen.id) : null;
  if (item?.longitude != null) return askNear({ longitude: item.longitude, latitude: item.latitude, at: item.observed_at ?? viewTime.peek() });
  if (centre) askNear({ longitude: centre[0], latitude: centre[1], at: viewTime.peek() });
}

export function leaveNear() {
  const from = asked.peek()?.from;
  select(from?.type ?? "", from?.id ?? null);
}

effect(() => {
  const [question, site] = [asked.value, siteId.value];
  attempt.value;
  if (!question || !nearShown.value || !site) return undefined;
  const abort = new AbortController();
  chosenItem.value = null;
  found.value = { loading: true, answer: found.peek()?.answer ?? null, problem: null };
  get(`/sites/${site}/near?${query(parameters(question, radiusM.value, windowS.value))}`, abort.signal)
    .then((answer) => (found.value = { loading: false, answer, problem: null }))
    .catch((problem) => problem.name !== "AbortError" && (found.value = { loading: false, answer: null, problem }));
  return () => abort.abort();
});
