// Who crossed the chosen fence, ever: also what raised no alert, because it happened before the fence was drawn.
import { computed, effect, signal } from "@preact/signals";
import { list } from "./api.js";
import { tellProblem } from "./notices.js";
import { selection, siteId } from "./store.js";

const AGAIN_MS = 5000; // a fence that was just drawn is judged within a moment

/** Findings of the chosen fence, newest first; null while on their way. */
export const crossings = signal(null);

const chosenFence = computed(() => (selection.value?.type === "fence" ? `/sites/${siteId.value}/findings?fence=${selection.value.id}` : null));

async function load(wanted) {
  const [path, fence] = wanted.split("?fence=");
  const found = await list(path, { fence });
  if (wanted === chosenFence.peek() && found.length !== crossings.peek()?.length) crossings.value = found.reverse();
}

effect(() => {
  const wanted = chosenFence.value;
  crossings.value = null;
  if (wanted === null) return undefined;
  load(wanted).catch(tellProblem);
  const timer = setInterval(() => load(wanted).catch(() => {}), AGAIN_MS); // said once is enough
  return () => clearInterval(timer);
});
