// What a person should look at first: sightings of which a decision is expected to change most.
import { computed, effect, signal } from "@preact/signals";
import { get } from "./api.js";
import { detections } from "./detections.js";
import { leftPanel, mayIdentify, session, siteId } from "./store.js";

const EVERY_MS = 20_000;

/** {items, waiting}, or null while nothing is known. */
export const review = signal(null);
export const reviewProblem = signal(null);
const attempt = signal(0);

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
        // What waits may be older than what the map holds: it is opened all the same.
        const known = new Set(detections.peek().map(({ id }) => id));
        const missing = answer.items.map(({ detection }) => detection).filter(({ id }) => !known.has(id));
        if (missing.length) detections.value = [...detections.peek(), ...missing];
      })
      .catch((problem) => problem.name !== "AbortError" && (reviewProblem.value = problem));
  ask();
  const timer = setInterval(ask, EVERY_MS);
  return () => {
    clearInterval(timer);
    abort.abort();
  };
});
