import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, matching, offered, remembered, waiting } from "../../web/console/desk_order.js";

const sequence = { entries: [{ label: "Panthera tigris" }, { label: "unknown" }] };

test("keys offer what the machine says first, then what was said lately, and always what is always there", () => {
  assert.deepEqual(offered(sequence, ["Ursus arctos"]), ["Panthera tigris", "Ursus arctos", "blank", "person", "vehicle", "animal"]);
});

test("a blind sequence offers nothing that gives the machine's answer away", () => {
  assert.deepEqual(offered({ entries: null }, []), ["blank", "person", "vehicle", "animal"]);
});

test("there are never more than nine, and none twice", () => {
  const many = Array.from({ length: 12 }, (_, place) => `kind ${place % 11}`);
  assert.equal(new Set(offered({ entries: [] }, many)).size, 9);
  assert.equal(offered({ entries: [] }, many).length, 9);
});

test("what was answered leaves the queue, and comes back when its answer was not kept", () => {
  const items = [{ id: "a" }, { id: "b" }];
  assert.deepEqual(waiting(items, new Set(["a"])), [{ id: "b" }]);
  assert.deepEqual(waiting(items, new Set()), items);
});

test("what is always offered need not be remembered; the newest comes first", () => {
  assert.deepEqual(remembered(["x"], "blank"), ["x"]);
  assert.deepEqual(remembered(["x", "y"], "y"), ["y", "x"]);
});

test("a blank counts nobody, everything else at least one", () => {
  assert.equal(counted("blank", 3), 0);
  assert.equal(counted("person", 0), 1);
  assert.equal(counted("person", 2.4), 2);
  assert.equal(counted("person", Number.NaN), 1);
});

test("typing finds what begins with it before what contains it", () => {
  assert.deepEqual(matching(["Cervus nippon", "Canis lupus", "Nyctereutes"], "c"), ["Cervus nippon", "Canis lupus", "Nyctereutes"]);
  assert.deepEqual(matching(["Cervus nippon", "Canis lupus"], "lup"), ["Canis lupus"]);
  assert.deepEqual(matching(["Cervus nippon"], " "), []);
});
