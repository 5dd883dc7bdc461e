import assert from "node:assert/strict";
import { test } from "node:test";
import { distanceM } from "../../web/console/coordinates.js";
import { areaM2, insertCorner, lengthM, moveCorner, namedPlace, outlines, removeCorner, selfCrossings, shapeOf, turnedRound } from "../../web/console/shape.js";
import { zoneAround } from "../../web/console/zone.js";

const square = shapeOf([[0, 0], [1, 0], [1, 1], [0, 1]], true);
const holed = { type: "MultiPolygon", coordinates: [[[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [1, 2], [2, 2], [1, 1]]], [[[8, 8], [9, 8], [9, 9], [8, 8]]]] };

test("a moved corner keeps its ring closed, the first one too", () => {
  const moved = moveCorner(square, 0, 0, [-1, -1]);
  assert.deepEqual(moved.coordinates[0].at(0), [-1, -1]);
  assert.deepEqual(moved.coordinates[0].at(-1), [-1, -1]);
  assert.equal(moved.coordinates[0].length, 5);
  assert.deepEqual(square.coordinates[0][0], [0, 0]);
});

test("a corner is put after another, in the ring that was meant", () => {
  const found = insertCorner(holed, 1, 2, [1.4, 1.5]);
  assert.deepEqual(outlines(found)[1].corners, [[1, 1], [1, 2], [2, 2], [1.4, 1.5]]);
  assert.deepEqual(outlines(found)[0], outlines(holed)[0]);
  assert.deepEqual(outlines(found)[2], outlines(holed)[2]);
});

test("the last three corners of an area and the last two of a line stay", () => {
  assert.equal(removeCorner(holed, 2, 0), null);
  assert.equal(outlines(removeCorner(square, 0, 3))[0].corners.length, 3);
  assert.equal(removeCorner(shapeOf([[0, 0], [1, 1]], false), 0, 0), null);
  assert.deepEqual(removeCorner(shapeOf([[0, 0], [1, 1], [2, 0]], false), 0, 1).coordinates, [[0, 0], [2, 0]]);
});

test("a line turned round twice is the same line", () => {
  const line = { type: "MultiLineString", coordinates: [[[0, 0], [1, 1]], [[2, 2], [3, 3]]] };
  assert.deepEqual(turnedRound(line).coordinates[1], [[3, 3], [2, 2]]);
  assert.deepEqual(turnedRound(turnedRound(line)), line);
});

test("one degree square at the equator has 12,364 square kilometres, and a hole is left out", () => {
  assert.ok(Math.abs(areaM2(square) / 1e6 - 12_364) < 2);
  const whole = areaM2({ type: "Polygon", coordinates: [holed.coordinates[0][0]] });
  const hole = areaM2({ type: "Polygon", coordinates: [holed.coordinates[0][1]] });
  const other = areaM2({ type: "Polygon", coordinates: holed.coordinates[1] });
  assert.ok(Math.abs(areaM2(holed) - (whole - hole + other)) < 1);
});

test("the way round a square is four edges, along a line it is not closed", () => {
  assert.ok(Math.abs(lengthM(outlines(square)) / 1000 - 444.8) < 0.2);
  assert.ok(Math.abs(lengthM([{ closed: false, corners: [[0, 0], [1, 0], [1, 1]] }]) / 1000 - 222.4) < 0.1);
});

test("a bow tie crosses itself in its middle", () => {
  const tie = outlines(shapeOf([[0, 0], [2, 2], [2, 0], [0, 2]], true));
  assert.deepEqual(selfCrossings(tie), [[1, 1]]);
  assert.deepEqual(selfCrossings(outlines(square)), []);
  assert.deepEqual(selfCrossings(outlines(holed)), []);
});

test("a crossing is seen while the line is still open", () => {
  assert.deepEqual(selfCrossings([{ closed: false, corners: [[0, 0], [2, 2], [2, 0]] }]), []);
  assert.deepEqual(selfCrossings([{ closed: false, corners: [[0, 0], [2, 2], [2, 0], [0, 2]] }]), [[1, 1]]);
});

test("an edge that runs back over its neighbour, or touches another, is a crossing", () => {
  assert.deepEqual(selfCrossings([{ closed: false, corners: [[0, 0], [2, 0], [1, 0]] }]), [[2, 0]]);
  assert.deepEqual(selfCrossings(outlines(shapeOf([[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]], true))), [[2, 0], [2, 0]]);
});

test("a hole that reaches over its shell is a crossing", () => {
  const wrong = { type: "Polygon", coordinates: [square.coordinates[0], [[0.5, 0.5], [1.5, 0.6], [0.5, 0.7], [0.5, 0.5]]] };
  assert.equal(selfCrossings(outlines(wrong)).length, 2);
});

test("any star drawn through its own middle agrees with comparing every pair", () => {
  for (let count = 5; count < 40; count += 2) {
    const corners = Array.from({ length: count }, (_, k) => [Math.cos((4 * Math.PI * k) / count + 0.1), Math.sin((4 * Math.PI * k) / count + 0.1)]);
    assert.equal(selfCrossings(outlines(shapeOf(corners, true)), 1e6).length, count, `${count} points`);
  }
});

test("the hub's words lead to the place on the map", () => {
  assert.deepEqual(namedPlace("at longitude, latitude 30.25, -2.5", square), [30.25, -2.5]);
  assert.deepEqual(namedPlace("ring 1, position 3", square), [1, 1]);
  assert.deepEqual(namedPlace("polygon 1, ring 2, position 2", holed), [1, 2]);
  assert.deepEqual(namedPlace("coordinates, position 2", shapeOf([[5, 6], [7, 8]], false)), [7, 8]);
  assert.equal(namedPlace("type", square), null);
});

const here = [131.4, 43.1];
const small = (corners, closed) => shapeOf(corners.map(([x, y]) => [here[0] + x * 0.01, here[1] + y * 0.01]), closed);

/** Least distance from a place to a border, by many points on it. */
function leastM(place, geometry) {
  let least = Infinity;
  for (const { closed, corners } of outlines(geometry)) {
    const ring = closed ? [...corners, corners[0]] : corners;
    for (let k = 1; k < ring.length; k++) {
      for (let step = 0; step <= 200; step++) {
        least = Math.min(least, distanceM(place, [ring[k - 1][0] + ((ring[k][0] - ring[k - 1][0]) * step) / 200, ring[k - 1][1] + ((ring[k][1] - ring[k - 1][1]) * step) / 200]));
      }
    }
  }
  return least;
}

for (const [name, geometry] of [
  ["a square", small([[0, 0], [1, 0], [1, 1], [0, 1]], true)],
  ["the same the other way round", small([[0, 1], [1, 1], [1, 0], [0, 0]], true)],
  ["a deep notch", small([[0, 0], [3, 0], [3, 3], [1.6, 3], [1.5, 0.3], [1.4, 3], [0, 3]], true)],
  ["a line with a bend", small([[0, 0], [1, 0], [1, 1]], false)],
]) {
  test(`the zone of warning is everywhere as far away as it says: ${name}`, () => {
    const zone = zoneAround(geometry, 300);
    assert.ok(zone.coordinates.length > 0);
    for (const place of zone.coordinates.flat()) assert.ok(Math.abs(leastM(place, geometry) - 300) < 4, `${leastM(place, geometry)} m`);
  });
}

test("the zone goes all the way round", () => {
  const [line, ...others] = zoneAround(small([[0, 0], [1, 0], [1, 1], [0, 1]], true), 300).coordinates;
  assert.equal(others.length, 0);
  assert.ok(distanceM(line[0], line.at(-1)) < 1);
  const around = lengthM([{ closed: false, corners: line }]);
  const edge = lengthM(outlines(small([[0, 0], [1, 0], [1, 1], [0, 1]], true)));
  assert.ok(Math.abs(around - (edge + 2 * Math.PI * 300)) < 0.01 * around);
});
