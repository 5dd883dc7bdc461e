import assert from "node:assert/strict";
import { test } from "node:test";
import { asItStood, grouped, held, inOrder } from "../../web/console/queue.js";

const alert = (id, severity, state, minute, more = {}) => ({ id, severity, state, occurred_at: `2026-11-23T03:${minute}:00Z`, raised_at: `2026-11-23T03:${minute}:30Z`, ...more });
const at = (clock) => Date.parse(`2026-11-23T${clock}Z`);

test("gravest first, then what nobody took, then the newest", () => {
  const alerts = [alert("low", "low", "new", "50"), alert("old", "high", "new", "10"), alert("taken", "high", "acknowledged", "40"), alert("new", "high", "new", "20"), alert("worst", "critical", "acknowledged", "01")];
  assert.deepEqual(inOrder(alerts).map(({ id }) => id), ["worst", "new", "old", "taken", "low"]);
});

test("open alerts that are not on screen are held back, closed ones are not", () => {
  const alerts = new Map([alert("a", "low", "new", "10"), alert("b", "critical", "new", "11"), alert("c", "high", "resolved", "12")].map((one) => [one.id, one]));
  assert.deepEqual(held(alerts, ["a"]), ["b"]);
});

test("the past shows an alert as it stood", () => {
  const now = alert("a", "high", "resolved", "10", { acknowledged_by: "Orlova", acknowledged_at: "2026-11-23T03:20:00Z", resolved_at: "2026-11-23T03:30:00Z" });
  assert.equal(asItStood(now, at("03:10:00")), null);
  assert.equal(asItStood(now, at("03:15:00")).state, "new");
  assert.equal(asItStood(now, at("03:15:00")).acknowledged_by, null);
  assert.equal(asItStood(now, at("03:25:00")).state, "acknowledged");
  assert.equal(asItStood(now, at("03:35:00")).state, "resolved");
});

test("an alert that was retracted since says so in the past", () => {
  assert.equal(asItStood(alert("a", "high", "retracted", "10"), at("03:15:00")).laterRetracted, true);
});

test("a burst of one camera is one card, another state or another hour is not", () => {
  const seen = (id, state, minute, more) => ({ ...alert(id, "high", state, minute), subject: { id: "camera" }, fence: "core", kind: "present", detail: { label: "person" }, ...more });
  const cards = grouped([seen("a", "new", "20"), seen("b", "new", "19"), seen("c", "acknowledged", "18"), seen("d", "new", "05"), seen("e", "new", "20", { detail: { label: "gunshot" } })]);
  assert.deepEqual(cards.map((card) => card.map(({ id }) => id)), [["a", "b"], ["c"], ["d"], ["e"]]);
});
