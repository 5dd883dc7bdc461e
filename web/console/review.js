// What a person should look at first: sightings of which a decision is expected to change most.
import { computed, effect, signal } from "@preact/signals";
import { get } from "./api.js";
import { detectionById } from "./detections.js";
import { leftPanel, mayIdentify, session, siteId } from "./store.js";

const EVERY_MS = 20_000;

/** {items, waiting}, or null while nothing is known. */
export const review = signal(null);
export const reviewProblem = signal(null);
const attempt = signal(0);

let last = null;

/** A detection by its id. What waits for a look may be older than what the map holds, and is found all the same, also once it was decided. */
export function noticedById(id) {
  const found = detectionById(id) ?? review.value?.items.find(({ detection }) => detection.id === id)?.detection;
  if (found) last = found;
  return found ?? (last?.id === id ? last : undefined);
}

export const askReview = () => attempt.value++;

const wanted = computed(() => (session.value && mayIdentify.value ? siteId.value : null));
const isOpen = computed(() => leftPanel.value === "review");

effect(() => {
  const site = wanted.value;
  attempt.value, isOpen.value;
  review.value = site === review.peek()?.site ? review.peek() : null;
  if (!site) return undefined;
  const abort = new AbortController();
  const ask = () =>
    get(`/sites/${site}/review`, abort.signal)
      .then((answer) => {
        review.value = { ...answer, site };
        reviewProblem.value = null;
      })
      .catch((problem) => problem.name !== "AbortError" && (reviewProblem.value = problem));
  ask();
  const timer = setInterval(ask, EVERY_MS);
  return () => {
    clearInterval(timer);
    abort.abort();
  };
});
