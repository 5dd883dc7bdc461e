// One site: fetch what is true now, then follow the stream; on every reconnect fetch again, so no gap can hide.
import { effect, signal, untracked } from "@preact/signals";
import { get, list } from "./api.js";
import { applyAlerts, forgetAlerts, loadAlerts } from "./alerts.js";
import { applyDetections, forgetDetections, loadDetections } from "./detections.js";
import { forgetFences, loadFences } from "./fences.js";
import { follow, lastHeardAt, setSpeed } from "./live.js";
import { goLive } from "./moment.js";
import { tellProblem } from "./notices.js";
import { siteId } from "./store.js";
import { applyHeard, applyPositions, forgetThose, forgetSubjects, loadSubjects } from "./subjects.js";
import { extendTracks, forgetTracks, loadTracks } from "./tracks.js";

const HEALTH_MS = 10_000;
const PATIENCE_MS = 3000;

export const layers = signal([]);
export const health = signal(null);
/** Counts changes of devices, deployments, individuals and places: panels that show them fetch again. */
export const referenceVersion = signal(0);

async function loadLayers() {
  const wanted = siteId.peek();
  const items = await list(`/sites/${wanted}/layers`);
  if (wanted === siteId.peek()) layers.value = items;
}

async function loadHealth() {
  const wanted = siteId.peek();
  const found = await get(`/sites/${wanted}/health`).catch(() => null);
  if (wanted !== siteId.peek()) return;
  health.value = found;
  if (found) setSpeed(found.drill?.speed ?? 1);
}

const loadAll = () => Promise.all([loadAlerts(), loadSubjects().catch(tellProblem), loadTracks(), loadDetections().catch(tellProblem)]);

function hear(name, data) {
  switch (name) {
    case "hello": case "reset": return loadAll();
    case "positions":
      applyPositions(data.items);
      return extendTracks(data.items);
    case "detections":
      applyHeard(data.items);
      return applyDetections(data.items);
    case "gone": return forgetThose(data.items);
    case "alerts": return applyAlerts(data.items);
    case "fences": return loadFences();
    case "layers": return loadLayers().catch(tellProblem);
    case "devices": case "deployments": case "individuals": case "places": case "merges":
      referenceVersion.value++;
      return loadSubjects().catch(tellProblem);
    default: return undefined;
  }
}

/** Everything of one site, from nothing; returns the function that leaves it. */
function enter(wanted) {
  goLive();
  for (const forget of [forgetAlerts, forgetSubjects, forgetTracks, forgetDetections, forgetFences]) forget();
  layers.value = [];
  health.value = null;
  loadLayers().catch(tellProblem);
  loadFences();
  loadHealth();
  const timer = setInterval(loadHealth, HEALTH_MS);
  const stop = follow(wanted, hear);
  const unheard = setTimeout(() => lastHeardAt.value === null && loadAll(), PATIENCE_MS); // no stream: show at least what is
  return () => {
    clearInterval(timer);
    clearTimeout(unheard);
    stop();
  };
}

effect(() => {
  const wanted = siteId.value;
  return wanted === null ? undefined : untracked(() => enter(wanted));
});
