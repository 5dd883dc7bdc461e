// What may lie behind what was observed: births, deaths, dispersals, collars on other animals. People decide.
import { computed, effect, signal } from "@preact/signals";
import { get, request } from "./api.js";
import { t } from "./i18n.js";
import { leftPanel, mayIdentify, session, siteId } from "./store.js";
import { uuid7 } from "./uuid7.js";

const EVERY_MS = 30_000;

/** {items, waiting, decided}, or null while nothing is known. */
export const hypotheses = signal(null);
export const hypothesesProblem = signal(null);
const attempt = signal(0);
export const askHypotheses = () => attempt.value++;

const root = (id) => `/sites/${siteId.peek()}/hypotheses/${id}`;
export const hypothesisById = (id) => hypotheses.value?.items.find((one) => one.id === id) ?? hypotheses.value?.decided.find((one) => one.hypothesis.id === id)?.hypothesis ?? null;
export const show = (id, abort) => get(root(id), abort);
export const preview = (id, verdict, name) => request("POST", `${root(id)}/preview`, { body: { verdict, name } });
export const decide = (id, key, verdict, name, note) => request("POST", `${root(id)}/decide`, { body: { id: key, verdict, name, note } });
export const withdraw = (id, decision) => request("POST", `${root(id)}/decisions/${decision}/withdraw`);
export const newWord = () => uuid7();

/** What is supposed, as a sentence: "F01 may be dead", "F01, said to be dead, was noticed since". */
export function supposed({ kind, name, detail, names }) {
  if (detail.by === "contradiction") return t("supposed.contradiction", { name });
  if (detail.by === "swap") return t("supposed.swap", { one: names[detail.swapped[0].individual], other: names[detail.swapped[1].individual] });
  if (kind === "same_animal") return t("supposed.same_animal", { name, other: names[detail.other] });
  return t(`supposed.${kind}`, { name: name ?? detail.species ?? "", device: detail.device ?? "" });
}

const wanted = computed(() => (session.value && mayIdentify.value ? siteId.value : null));
const isOpen = computed(() => leftPanel.value === "review");

effect(() => {
  const site = wanted.value;
  attempt.value, isOpen.value;
  hypotheses.value = site === hypotheses.peek()?.site ? hypotheses.peek() : null;
  if (!site) return undefined;
  const abort = new AbortController();
  const ask = () =>
    get(`/sites/${site}/hypotheses?decided=true`, abort.signal)
      .then((answer) => {
        hypotheses.value = { ...answer, site };
        hypothesesProblem.value = null;
      })
      .catch((problem) => problem.name !== "AbortError" && (hypothesesProblem.value = problem));
  ask();
  const timer = setInterval(ask, EVERY_MS);
  return () => {
    clearInterval(timer);
    abort.abort();
  };
});
