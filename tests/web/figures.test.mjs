import assert from "node:assert/strict";
import { test } from "node:test";
import { decimal, distance, distanceM, ellipseRing, extent, parsePlace, sexagesimal } from "../../web/console/coordinates.js";
import { age, clock, day, dayClock, relative, shortTime, zoneName } from "../../web/console/time.js";
import { uuid7 } from "../../web/console/uuid7.js";

const primorye = { language: "en", zone: "Asia/Vladivostok" };

test("times are of the site, not of the browser", () => {
  assert.equal(clock("2026-11-22T17:10:00Z", primorye), "03:10");
  assert.equal(zoneName("2026-11-22T17:10:00Z", primorye), "GMT+10");
});

test("a time of another day says the day", () => {
  assert.equal(shortTime("2026-11-22T17:10:00Z", "2026-11-23T02:00:00Z", primorye), "03:10");
  assert.match(shortTime("2026-11-22T12:10:00Z", "2026-11-23T02:00:00Z", primorye), /22 Nov/);
});

test("a time of another year says the year", () => {
  assert.match(shortTime("2015-08-29T03:14:00Z", "2026-11-23T02:00:00Z", primorye), /29 Aug 2015/);
  assert.match(dayClock("2015-08-29T03:14:00Z", primorye), /2015/);
  assert.doesNotMatch(dayClock("2015-08-29T03:14:00Z", primorye, "2015-01-01T00:00:00Z"), /2015/);
  assert.equal(day("2015-08-29T03:14:00Z", primorye), "29 Aug 2015");
});

test("long ages are months and years, not thousands of days", () => {
  assert.equal(age(59 * 86_400, "en"), "59 days");
  assert.equal(age(100 * 86_400, "en"), "3 months");
  assert.equal(age(4107 * 86_400, "en"), "11 years");
  assert.match(relative("2015-08-29T03:14:00Z", "2026-11-26T11:00:00Z", "ru"), /^11 л/);
});

test("ages count whole units", () => {
  assert.equal(age(59, "en"), "59 sec");
  assert.equal(age(7199, "en"), "1 hr");
  assert.match(relative("2026-11-23T02:00:00Z", "2026-11-23T02:06:59Z", "ru"), /^6 мин/);
});

test("coordinates carry into minutes and degrees when they round", () => {
  assert.equal(sexagesimal(131.99999, -43.5), "43°30′00.0″S 132°00′00.0″E");
  assert.equal(decimal(-131.4, 43.1), "43.10000° N, 131.40000° W");
});

test("pasted coordinates are read in either notation", () => {
  assert.deepEqual(parsePlace("43.1, 131.4"), [131.4, 43.1]);
  assert.deepEqual(parsePlace("131.4 E 43.1 N"), [131.4, 43.1]);
  const [longitude, latitude] = parsePlace("43°06′00.0″N 131°24′00.0″E");
  assert.ok(Math.abs(longitude - 131.4) < 1e-9 && Math.abs(latitude - 43.1) < 1e-9);
  assert.equal(parsePlace("CT-041"), null);
  assert.equal(parsePlace("143.1, 131.4"), null);
});

test("what is written can be pasted back", () => {
  const [longitude, latitude] = parsePlace(sexagesimal(-71.25, -12.125));
  assert.ok(Math.abs(longitude + 71.25) < 1e-9 && Math.abs(latitude + 12.125) < 1e-9);
});

test("one degree of latitude is 111 km", () => {
  assert.ok(Math.abs(distanceM([131, 43], [131, 44]) - 111_195) < 1);
  assert.equal(distance(111_195, "en"), "111 km");
  assert.equal(distance(3240, "en"), "3.2 km");
});

test("the long axis of an ellipse points where it is said to", () => {
  const ring = ellipseRing(131, 43, { semi_major_m: 1000, semi_minor_m: 10, orientation_deg: 90 });
  const [west, south, east, north] = extent({ type: "Polygon", coordinates: [ring] });
  assert.ok(Math.abs(distanceM([west, 43], [east, 43]) - 2000) < 5);
  assert.ok(distanceM([131, south], [131, north]) < 25);
  assert.deepEqual(ring[0], ring[ring.length - 1]);
});

test("ids carry their time and sort by it", () => {
  const [first, second] = [uuid7(1_700_000_000_000), uuid7(1_700_000_000_001)];
  assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(first < second);
  assert.equal(parseInt(first.replace("-", "").slice(0, 12), 16), 1_700_000_000_000);
});
