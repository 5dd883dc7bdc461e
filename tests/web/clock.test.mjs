import assert from "node:assert/strict";
import { test } from "node:test";
import { clockOf, lasting, parts, verdict, way } from "../../web/console/clock_verdict.js";

const told = (clock, isWrong = false) => ({ clock: { device: "cam", offset_s: 0, sd_s: 20, probability: 0.99, wrong: 0.01, witnesses: 5, resets: 0, ...clock }, is_wrong: isWrong });

test("a clock that is known to be wrong is said to be corrected, and warns", () => {
  assert.deepEqual(verdict(told({ offset_s: 7200, wrong: 0.99 }, true)), { key: "clock.corrected", warns: true });
});

test("a clock that is wrong, nobody knows by how much, is not said to be corrected", () => {
  assert.deepEqual(verdict(told({ wrong: 0.95, probability: 0.4 })), { key: "clock.wrong", warns: true });
});

test("after a reset a wrong clock warns, and nothing is said to be corrected", () => {
  assert.deepEqual(verdict(told({ resets: 2, wrong: 0.99 })), { key: "clock.reset_wrong", warns: true });
  assert.deepEqual(verdict(told({ resets: 2, wrong: 0.6 })), { key: "clock.doubtful", warns: true });
  assert.deepEqual(verdict(told({ resets: 1 })), { key: "clock.reset_right", warns: false });
});

test("a clock that is as likely wrong as right is doubtful, a right one is calm", () => {
  assert.deepEqual(verdict(told({ wrong: 0.5 })), { key: "clock.doubtful", warns: true });
  assert.deepEqual(verdict(told({ wrong: 0.1 })), { key: "clock.right", warns: false });
});

test("an offset within its error bar is neither fast nor slow", () => {
  assert.deepEqual([{ offset_s: 30, sd_s: 20 }, { offset_s: 300, sd_s: 20 }, { offset_s: -300, sd_s: 20 }].map(way), ["even", "fast", "slow"]);
});

test("a time has at most two parts, the largest first, and seconds only when it is short", () => {
  assert.deepEqual(parts(-45), [[45, "second"]]);
  assert.deepEqual(parts(7500), [[2, "hour"], [5, "minute"]]);
  assert.deepEqual(parts(86_400 * 3), [[3, "day"]]);
  assert.deepEqual(parts(86_400 + 3_600 + 120), [[1, "day"], [1, "hour"]]);
  assert.deepEqual(parts(3_599), [[1, "hour"]]);
  assert.equal(lasting(7500, "en"), "2 hr 5 min");
  assert.match(lasting(7500, "ru"), /2.ч 5.мин/);
});

test("a camera of which nothing was learnt has no clock here", () => {
  assert.equal(clockOf([told({})], "another"), undefined);
  assert.equal(clockOf([told({})], "cam").clock.witnesses, 5);
});
