// The order of the incident queue. Pure: the screen decides when to let it change.
export const SEVERITIES = ["critical", "high", "medium", "low", "info"];
const rank = (alert) => SEVERITIES.indexOf(alert.severity);
const waiting = (alert) => (alert.state === "new" ? 0 : 1);

export const isOpen = (alert) => alert.state === "new" || alert.state === "acknowledged";

/** Gravest first; within one severity what nobody took yet, then the newest. */
export const inOrder = (alerts) =>
  [...alerts].sort(
    (a, b) => rank(a) - rank(b) || waiting(a) - waiting(b) || Date.parse(b.occurred_at) - Date.parse(a.occurred_at) || (a.id < b.id ? -1 : 1),
  );

const TOGETHER_MS = 600_000;
const told = (alert) => [alert.subject?.id, alert.fence, alert.kind, alert.state, alert.severity, alert.detail?.label].join(" ");

/** Alerts that tell the same thing within ten minutes, as one camera's burst does, together: the first leads. */
export function grouped(alerts) {
  const groups = [];
  for (const alert of alerts) {
    const group = groups.find(([lead]) => told(lead) === told(alert) && Math.abs(Date.parse(lead.occurred_at) - Date.parse(alert.occurred_at)) <= TOGETHER_MS);
    if (group) group.push(alert);
    else groups.push([alert]);
  }
  return groups;
}

/** Ids of open alerts that the queue on screen does not show yet, gravest first. */
export function held(alerts, shown) {
  const onScreen = new Set(shown);
  return inOrder([...alerts.values()].filter((alert) => isOpen(alert) && !onScreen.has(alert.id))).map((alert) => alert.id);
}

/** An alert as it stood at a moment (ms), or null when it was not raised yet. */
export function asItStood(alert, at) {
  if (Date.parse(alert.raised_at ?? alert.occurred_at) > at) return null;
  const done = (time) => time != null && Date.parse(time) <= at;
  if (done(alert.resolved_at)) return { ...alert, state: "resolved" };
  if (done(alert.acknowledged_at)) return { ...alert, state: "acknowledged", laterRetracted: alert.state === "retracted" };
  return { ...alert, state: "new", acknowledged_by: null, laterRetracted: alert.state === "retracted" };
}
