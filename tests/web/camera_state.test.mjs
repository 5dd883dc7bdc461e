import assert from "node:assert/strict";
import { test } from "node:test";
import { contactKey, ofDevice, otherTrouble } from "../../web/console/camera_state.js";

const a = (given = {}) => ({ device: "cam", contact: "ok", trouble: [], heard_at: "2026-07-01T12:00:00Z", ...given });

test("a camera behind a repeater that is down is told as the repeater's, not as its own silence", () => {
  const answer = { cameras: [a({ contact: "outage" })], outages: [{ repeater: "mast", members: ["cam", "other"] }] };
  const { camera, outage } = ofDevice(answer, "cam");
  assert.equal(contactKey(camera, outage), "camera.repeater_down");
  assert.equal(contactKey(camera, { repeater: null }), "camera.shared_down");
  assert.equal(ofDevice(answer, "nobody").camera, undefined);
});

test("what is not known yet differs from what was never heard", () => {
  assert.equal(contactKey(a({ contact: "unknown" })), "camera.learning");
  assert.equal(contactKey(a({ contact: "unknown", heard_at: null })), "camera.unheard");
  assert.equal(contactKey(a({ contact: "silent" })), "camera.silent");
});

test("silence is not said twice", () => {
  assert.deepEqual(otherTrouble(a({ trouble: ["silent", "battery", "turned"] })), ["battery", "turned"]);
});
