import assert from "node:assert/strict";
import { test } from "node:test";
import { distanceM } from "../../web/console/coordinates.js";
import { asSubject, nearFeatures, parameters, side } from "../../web/console/near_items.js";

test("a question is about an alert, an observation, or a place and a time", () => {
  const how = { radius_m: 500, window_s: 60 };
  assert.deepEqual(parameters({ alert: "a" }, 500, 60), { alert: "a", ...how });
  assert.deepEqual(parameters({ observation: "o" }, 500, 60), { observation: "o", ...how });
  assert.deepEqual(parameters({ longitude: 131, latitude: 43, at: Date.UTC(2026, 6, 1, 12) }, 500, 60),
    { longitude: 131, latitude: 43, at: "2026-07-01T12:00:00.000Z", ...how });
});

test("a second is no difference, more is before or after", () => {
  assert.deepEqual([-60, -0.5, 0, 0.9, 1].map(side), ["before", "then", "then", "then", "after"]);
});

test("what is withheld looks like some animal, whatever it was", () => {
  assert.equal(asSubject({ generalised: true, subject_kind: "", device_kind: "" }).kind, "individual");
  assert.equal(asSubject({ generalised: false, subject_kind: "person", device_kind: "phone" }).kind, "person");
});

test("the ring has the radius, and the chosen item is marked", () => {
  const items = [{ id: "a", longitude: 131.4, latitude: 43.1 }, { id: "b", longitude: 131.41, latitude: 43.1 }];
  const [ring, centre, ...marks] = nearFeatures({ longitude: 131.4, latitude: 43.1, radius_m: 800, items }, "b");
  for (const corner of ring.geometry.coordinates[0]) assert.ok(Math.abs(distanceM([131.4, 43.1], corner) - 800) < 1);
  assert.deepEqual(centre.geometry.coordinates, [131.4, 43.1]);
  assert.deepEqual(marks.map((mark) => mark.properties.what), ["item", "chosen"]);
});
