// The shape of a fence while somebody draws or changes it. Pure: every change is a new geometry, longitude before latitude.
import { distanceM } from "./coordinates.js";

const AREAS = new Set(["Polygon", "MultiPolygon"]);
export const isArea = (geometry) => AREAS.has(geometry?.type);

/** The rings or lines of a geometry, each with its corners once: [{at: path into the coordinates, closed, corners}]. */
export function outlines(geometry) {
  const found = [];
  const depth = { LineString: 0, MultiLineString: 1, Polygon: 1, MultiPolygon: 2 }[geometry.type];
  const closed = isArea(geometry);
  (function walk(value, at) {
    if (at.length < depth) value.forEach((inner, index) => walk(inner, [...at, index]));
    else found.push({ at, closed, corners: (closed ? value.slice(0, -1) : value).map(([x, y]) => [x, y]) });
  })(geometry.coordinates, []);
  return found;
}

/** Fewest corners that an outline can have. */
export const fewest = (closed) => (closed ? 3 : 2);

/** A geometry out of the corners of one outline. */
export const shapeOf = (corners, closed) =>
  closed ? { type: "Polygon", coordinates: [[...corners, corners[0]]] } : { type: "LineString", coordinates: corners };

function changed(geometry, number, change) {
  const { at, closed, corners } = outlines(geometry)[number];
  const next = change([...corners]);
  const written = closed ? [...next, next[0]] : next;
  const put = (value, [index, ...rest]) => (index === undefined ? written : value.map((inner, here) => (here === index ? put(inner, rest) : inner)));
  return { ...geometry, coordinates: put(geometry.coordinates, at) };
}

export const moveCorner = (geometry, outline, corner, to) => changed(geometry, outline, (corners) => corners.with(corner, to));

/** Put a corner after another one. */
export const insertCorner = (geometry, outline, corner, place) => changed(geometry, outline, (corners) => corners.toSpliced(corner + 1, 0, place));

/** Take a corner away; null where no shape would be left. */
export function removeCorner(geometry, outline, corner) {
  const { closed, corners } = outlines(geometry)[outline];
  return corners.length > fewest(closed) ? changed(geometry, outline, (all) => all.toSpliced(corner, 1)) : null;
}

/** A line drawn the other way: in becomes out. */
export const turnedRound = (geometry) => ({
  ...geometry, coordinates: geometry.type === "LineString" ? geometry.coordinates.toReversed() : geometry.coordinates.map((line) => line.toReversed()),
});

/** The edges of an outline as pairs of corners. */
export const edges = ({ closed, corners }) => corners.flatMap((corner, index) =>
  index + 1 < corners.length ? [[corner, corners[index + 1]]] : closed && corners.length > 2 ? [[corner, corners[0]]] : []);

export const middle = ([[x1, y1], [x2, y2]]) => [(x1 + x2) / 2, (y1 + y2) / 2];

/** Length of all edges in metres. */
export const lengthM = (found) => found.flatMap(edges).reduce((sum, [one, other]) => sum + distanceM(one, other), 0);

const RADIUS_M = 6_371_008.8;
const radians = Math.PI / 180;

/** Square metres of a ring on the sphere: the trapezoids between its edges and the equator. */
const ringM2 = (corners) => Math.abs(edges({ closed: true, corners }).reduce((sum, [[x1, y1], [x2, y2]]) =>
  sum + (x2 - x1) * radians * (2 + Math.sin(y1 * radians) + Math.sin(y2 * radians)), 0)) * (RADIUS_M ** 2) / 2;

/** Area of a geometry in square metres, its holes left out; to 0.5 % of the ellipsoid. */
export function areaM2(geometry) {
  if (!isArea(geometry)) return 0;
  return outlines(geometry).reduce((sum, { at, corners }) => sum + (at.at(-1) === 0 ? 1 : -1) * ringM2(corners), 0);
}

const side = ([x1, y1], [x2, y2], [x, y]) => Math.sign((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1));

/** Where two edges cross or touch, or null. */
function meeting([a, b], [c, d]) {
  const [c1, d1, a1, b1] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
  if (c1 * d1 > 0 || a1 * b1 > 0) return null;
  if (c1 === 0 && d1 === 0) { // on one line: they meet where an end of one lies within the other
    const within = (p, [q, r]) => Math.min(q[0], r[0]) <= p[0] && p[0] <= Math.max(q[0], r[0]) && Math.min(q[1], r[1]) <= p[1] && p[1] <= Math.max(q[1], r[1]);
    return [c, d].find((end) => within(end, [a, b])) ?? [a, b].find((end) => within(end, [c, d])) ?? null;
  }
  const across = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0]);
  const share = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / across;
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
}

/**
 * Places where the border of an area crosses or touches itself, at most `most`. `found` are outlines; the last edge of
 * an open one, as it is being drawn, counts. Edges are looked at from west to east, so only those that overlap are compared.
 */
export function selfCrossings(found, most = 20) {
  const all = found.flatMap((outline, ring) => edges(outline).map((edge, index, own) => ({ edge, ring, index, count: own.length, closed: outline.closed })));
  for (const one of all) [one.west, one.east] = one.edge[0][0] < one.edge[1][0] ? [one.edge[0][0], one.edge[1][0]] : [one.edge[1][0], one.edge[0][0]];
  all.sort((a, b) => a.west - b.west);
  const places = [];
  for (let first = 0; first < all.length && places.length < most; first++) {
    const one = all[first];
    for (let second = first + 1; second < all.length && all[second].west <= one.east; second++) {
      const other = all[second];
      const gap = Math.abs(one.index - other.index);
      const neighbours = one.ring === other.ring && (gap === 1 || (one.closed && gap === one.count - 1));
      const place = neighbours ? doubledBack(one, other) : meeting(one.edge, other.edge);
      if (place) places.push(place);
    }
  }
  return places.slice(0, most);
}

/** Neighbouring edges share a corner; they are wrong only where one runs back over the other. */
function doubledBack(one, other) {
  const [[a, b], [c, d]] = [one.edge, other.edge];
  const shared = [a, b].find((p) => [c, d].some((q) => q[0] === p[0] && q[1] === p[1]));
  if (!shared) return null;
  const [p, q] = [a === shared || (a[0] === shared[0] && a[1] === shared[1]) ? b : a, c[0] === shared[0] && c[1] === shared[1] ? d : c];
  const back = (p[0] - shared[0]) * (q[0] - shared[0]) + (p[1] - shared[1]) * (q[1] - shared[1]) > 0;
  return back && side(shared, p, q) === 0 ? shared : null;
}

/** The place that the hub's words about a shape name, or null: "at longitude, latitude 131.2, 43", "ring 1, position 3". */
export function namedPlace(where, geometry) {
  const degrees = /longitude, latitude (-?[\d.]+(?:e-?\d+)?), (-?[\d.]+(?:e-?\d+)?)/.exec(where);
  if (degrees) return [Number(degrees[1]), Number(degrees[2])];
  const number = (word) => Number(new RegExp(`${word} (\\d+)`).exec(where)?.[1] ?? 1) - 1;
  if (!/position \d/.test(where)) return null;
  const at = { LineString: [], MultiLineString: [number("line")], Polygon: [number("ring")], MultiPolygon: [number("polygon"), number("ring")] }[geometry.type];
  const place = at.reduce((value, index) => value?.[index], geometry.coordinates)?.[number("position")];
  return Array.isArray(place) ? place.slice(0, 2) : null;
}
