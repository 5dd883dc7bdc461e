// Lines between two cut-outs end where the points are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GAP, heightOf, linesOf, viewBoxOf, WIDE } from "../../web/console/coat_pair.js";

const size = { width: 1600, height: 1200 };
const box = [0.25, 0.5, 0.5, 0.25];

test("a cut-out keeps its shape", () => {
  assert.equal(heightOf(box, size), (WIDE * 300) / 800);
  assert.equal(viewBoxOf(box, size), "400 600 800 300");
});

test("corners of both boxes are the ends of lines, whatever the sizes of the pictures", () => {
  const other = [0, 0, 1, 1];
  const small = { width: 200, height: 100 };
  const lines = linesOf([[0.25, 0.5, 0, 0], [0.75, 0.75, 1, 1]], box, size, other, small);
  assert.deepEqual(lines[0], { x1: 0, y1: 0, x2: WIDE + GAP, y2: 0 });
  assert.deepEqual(lines[1], { x1: WIDE, y1: 37.5, x2: 2 * WIDE + GAP, y2: 50 });
});
