// Sequences of camera pictures that wait for a person: the queue, what is said of them, and taking it back.
import { computed, effect, signal } from "@preact/signals";
import { get, request } from "./api.js";
import { mayIdentify, session, siteId } from "./store.js";
import { uuid7 } from "./uuid7.js";

const EVERY_MS = 30_000;

/** Sequences worth a look, that first whose look is worth most; null while nothing is known. */
export const sequences = signal(null);
export const sequencesProblem = signal(null);
const attempt = signal(0);

export const askSequences = () => attempt.value++;

const wanted = computed(() => (session.value && mayIdentify.value ? siteId.value : null));
const root = () => `/sites/${siteId.peek()}/sequences`;

effect(() => {
  const site = wanted.value;
  attempt.value;
  if (!site) {
    sequences.value = null;
    return undefined;
  }
  const abort = new AbortController();
  const ask = () =>
    get(`/sites/${site}/sequences/review?limit=200`, abort.signal)
      .then((page) => {
        sequences.value = page.items;
        sequencesProblem.value = null;
      })
      .catch((problem) => problem.name !== "AbortError" && (sequencesProblem.value = problem));
  ask();
  const timer = setInterval(ask, EVERY_MS);
  return () => {
    clearInterval(timer);
    abort.abort();
  };
});

/** A person's word on a sequence: {label, count}, one or more. The answer is the sequence with every word so far. */
export const judge = (sequence, said) => request("POST", `${root()}/${sequence.id}/verdicts`, { body: { id: uuid7(), version: sequence.version, said } });
export const takeBack = (sequence, verdict) => request("POST", `${root()}/${sequence}/verdicts/${verdict}/withdraw`);
