import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { flat } from "../../web/console/antimeridian.js";

const widest = ({ coordinates }) => {
  let most = 0;
  (function walk(value) {
    if (typeof value[0][0] === "number") value.forEach(([longitude], index) => index && (most = Math.max(most, Math.abs(longitude - value[index - 1][0]))));
    else value.forEach(walk);
  })(coordinates);
  return most;
};

test("a line over 180° goes on past it", () => {
  const there = flat({ type: "LineString", coordinates: [[178, 60], [179, 61], [-179, 62], [-178, 63], [179, 64]] });
  assert.deepEqual(there.coordinates.map(([longitude]) => longitude), [178, 179, 181, 182, 179]);
});

test("a ring over 180° stays a ring", () => {
  const ring = [[170, 60], [-170, 60], [-170, 70], [170, 70], [170, 60]];
  const { geometry } = flat({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } });
  assert.deepEqual(geometry.coordinates, [[[170, 60], [190, 60], [190, 70], [170, 70], [170, 60]]]);
});

test("a ring around the pole is closed along the edge", () => {
  const ring = [[-120, -70], [0, -70], [120, -70], [-120, -70]];
  const [closed] = flat({ type: "Polygon", coordinates: [ring] }).coordinates;
  assert.deepEqual(closed, [[-120, -70], [0, -70], [120, -70], [240, -70], [240, -90], [-120, -90], [-120, -70]]);
});

test("what does not cross stays as it is", () => {
  const shape = { type: "MultiPolygon", coordinates: [[[[10, 10], [20, 10], [20, 20], [10, 10]]]] };
  assert.deepEqual(flat(shape), shape);
  assert.deepEqual(flat({ type: "Point", coordinates: [1, 2] }), { type: "Point", coordinates: [1, 2] });
});

test("no coast of the world is drawn the long way round", async (context) => {
  let world;
  let feature;
  try {
    world = JSON.parse(readFileSync(new URL("../../web/vendor/land-10m.json", import.meta.url), "utf8"));
    ({ default: feature } = await import("../../web/vendor/topojson/feature.js"));
  } catch {
    return context.skip("the browser packages are not set up");
  }
  const land = feature(world, "land");
  const shapes = (land.features ?? [land]).map(({ geometry }) => geometry);
  assert.ok(shapes.some((shape) => widest(shape) > 180), "the data cross 180°");
  for (const shape of shapes) {
    for (const polygon of flat(shape).coordinates) {
      const pole = polygon[0].some(([, latitude]) => Math.abs(latitude) === 90);
      assert.ok(pole || widest({ coordinates: polygon }) <= 180);
    }
  }
});
