// Alerts as the hub tells them, the order on screen, and what a dispatcher does with them.
import { batch, computed, effect, signal } from "@preact/signals";
import { act, get, list } from "./api.js";
import { fences } from "./fences.js";
import { asItStood, grouped, held, inOrder, isOpen } from "./queue.js";
import { isLive, pastAt } from "./moment.js";
import { announce, tell, tellProblem } from "./notices.js";
import { isArea } from "./shape.js";
import { dialog, selection, siteId } from "./store.js";
import { t, word } from "./i18n.js";

/** @type {import("@preact/signals").Signal<Map<string, object>>} */
export const alerts = signal(new Map());
export const alertsKnown = signal(false);
export const alertsProblem = signal(null);

/** Ids in the order on screen; only `settle` changes it. */
const order = signal([]);
const history = signal([]); // all alerts of the site, fetched when the past comes on screen

const heldIds = computed(() => (isLive.value ? held(alerts.value, order.value) : []));
export const heldCount = computed(() => grouped(heldIds.value.map((id) => alerts.value.get(id))).length);
export const heldGravest = computed(() => alerts.value.get(heldIds.value[0])?.severity ?? null);
export const openCount = computed(() => [...alerts.value.values()].filter(isOpen).length);

/** What the queue shows, live or as it stood. */
export const queue = computed(() =>
  isLive.value
    ? order.value.map((id) => alerts.value.get(id)).filter(Boolean)
    : inOrder(history.value.map((alert) => asItStood(alert, pastAt.value)).filter((alert) => alert && isOpen(alert))),
);

/** The cards of the queue: each holds the alerts that tell the same thing. */
export const cards = computed(() => grouped(queue.value));

/** The alerts on the card of this one; only itself where it has none. */
export const cardOf = (alert) => cards.value.find((card) => card.some(({ id }) => id === alert.id)) ?? [alert];

export const alertById = (id) => queue.value.find((alert) => alert.id === id) ?? alerts.value.get(id) ?? null;

/** Let the queue take its true order. Never called by an arrival while the queue has anything in it. */
export function settle() {
  order.value = inOrder([...alerts.value.values()].filter(isOpen)).map((alert) => alert.id);
}

export async function loadAlerts() {
  const wanted = siteId.peek();
  try {
    const items = await list(`/sites/${wanted}/alerts`, { state: "open" });
    if (wanted !== siteId.peek()) return;
    const first = !alertsKnown.peek();
    batch(() => {
      const fresh = new Map(items.map((alert) => [alert.id, alert]));
      for (const id of order.peek()) if (!fresh.has(id)) refresh(id);
      for (const [id, alert] of alerts.peek()) if (!fresh.has(id)) fresh.set(id, alert);
      alerts.value = fresh;
      alertsKnown.value = true;
      alertsProblem.value = null;
      if (first || !order.peek().length) settle();
    });
  } catch (problem) {
    alertsProblem.value = problem;
  }
}

async function refresh(id) {
  const fresh = await get(`/sites/${siteId.peek()}/alerts/${id}`).catch(() => null);
  if (fresh) keep(fresh);
}

export function forgetAlerts() {
  batch(() => {
    alerts.value = new Map();
    order.value = [];
    history.value = [];
    alertsKnown.value = false;
    alertsProblem.value = null;
  });
}

/** Alerts from the stream: known ones change in place, new ones wait behind the bar. */
export function applyAlerts(items) {
  const next = new Map(alerts.peek());
  for (const alert of items) {
    const known = next.get(alert.id);
    if (known && known.version >= alert.version) continue;
    next.set(alert.id, alert);
    if (!known && alert.state === "new") {
      announce(t("queue.announce", { severity: word("severity", alert.severity), what: sentence(alert) }), alert.severity === "critical");
    } else if (known && alert.state === "retracted") {
      announce(t("queue.retracted", { what: sentence(alert) }), false);
    }
  }
  batch(() => {
    alerts.value = next;
    if (!order.peek().length) settle();
  });
}

const keep = (alert) => applyAlerts([alert]);

/** What a detector named, in words: "Person". Null for an alert that somebody's own fixes raised. */
export const noticed = (alert) => (alert.detail?.label ? word("label", alert.detail.label) : null);

const CAUSES = { "an observation arrived late": "late", "reference data changed": "reference", "people said whom a sighting shows": "identity", "the animal moved on": "moved_on" }; // the hub's own words

/** Why an alert was retracted or corrected, in the reader's language; a cause that is new here in the hub's words. */
export const why = ({ cause }) => (cause in CAUSES ? t(`cause.${CAUSES[cause]}`) : cause ?? t("cause.unknown"));

/** Of a line one does not come in, but over. */
const ACROSS = { enter: "over", exit: "over_back", through: "over_and_back" };

/** "Lida entered Cattle yards", or "Person at Camera 12, Core zone" */
export const sentence = (alert) => {
  const what = noticed(alert);
  const line = fences.value.some((fence) => fence.id === alert.fence && !isArea(fence.geometry));
  return t(`sentence.${(line && ACROSS[alert.kind]) || (what ? "noticed" : alert.kind)}`, { what, name: alert.subject_name, fence: alert.fence_name });
};

/** Do it to a whole card, so that one burst of a camera is one decision. */
async function change(alert, verb, body) {
  try {
    for (const one of cardOf(alert)) keep(await act(`/sites/${siteId.value}/alerts/${one.id}/${verb}`, body, one.version));
    tell(t(`done.${verb}`, { what: sentence(alert) }));
    return true;
  } catch (problem) {
    if (problem.status === 412 && problem.body.now) {
      const present = problem.body.now;
      keep(present);
      tell(t(`first.${present.state}`, { who: present.resolved_by ?? present.acknowledged_by ?? "" , cause: why(present) }), "warning");
    } else tellProblem(problem);
    return false;
  }
}

export const canAcknowledge = (alert) => isLive.value && alert?.state === "new";
export const canResolve = (alert) => isLive.value && Boolean(alert) && isOpen(alert);
export const acknowledge = (alert) => change(alert, "acknowledge", {});
export const resolve = (alert, outcome) => change(alert, "resolve", { outcome });

/** Set to ask the detail panel for its resolve form. */
export const resolving = signal(false);
effect(() => {
  if (selection.value) resolving.value = false;
});

/** J and K: the next or previous card; the first when none is selected. */
export function step(by) {
  const ids = cards.value.map(([lead]) => lead.id);
  if (!ids.length || dialog.value) return;
  const at = selection.value?.type === "alert" ? cards.value.findIndex((card) => card.some(({ id }) => id === selection.value.id)) : -1;
  selection.value = { type: "alert", id: ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))] };
}

effect(() => {
  const wanted = siteId.value;
  if (isLive.value || !wanted) return;
  list(`/sites/${wanted}/alerts`, { state: "all" })
    .then((items) => wanted === siteId.peek() && (history.value = items))
    .catch(tellProblem);
});
