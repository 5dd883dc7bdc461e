// The outer boundary of the zone of warning around a fence, for the eye: a plane around its middle, to 0.5 %. Pure.
import { edges, isArea, outlines } from "./shape.js";

const METRES = 111_195;
const ARC_STEP = Math.PI / 18;
const MOST_CORNERS = 400;

/** Lines at `nearM` metres outside an area, or around a line: {type: "MultiLineString"}. */
export function zoneAround(geometry, nearM) {
  const found = outlines(geometry);
  const [x0, y0] = found[0].corners[0];
  const east = METRES * Math.cos((y0 * Math.PI) / 180);
  const flat = found.map(({ closed, corners }) => ({ closed, corners: thinned(corners.map(([x, y]) => [(x - x0) * east, (y - y0) * METRES]), nearM) }));
  const borders = flat.map((outline) => edges(outline));
  const all = borders.flat();
  const area = isArea(geometry);
  const inside = area ? (point) => all.reduce((odd, edge) => odd !== passes(edge, point), false) : () => false;
  const lines = flat.flatMap((outline, index) => {
    const way = area ? outline.corners : [...outline.corners, ...outline.corners.slice(1, -1).reverse()];
    return pieces(outwards(way, area, inside, borders[index]), nearM, all, inside);
  });
  return { type: "MultiLineString", coordinates: lines.map((line) => line.map(([x, y]) => [x0 + x / east, y0 + y / METRES])) };
}

/** Leave out corners that matter less than a fortieth of the distance, so that a long border stays quick. */
function thinned(corners, nearM) {
  let kept = corners;
  for (let least = nearM / 40; kept.length > MOST_CORNERS; least *= 2) {
    kept = corners.reduce((out, corner) => (out.length && Math.hypot(corner[0] - out.at(-1)[0], corner[1] - out.at(-1)[1]) < least ? out : [...out, corner]), []);
  }
  return kept.length > 1 ? kept : corners;
}

/** The corners in the order in which outside is on the right hand. */
function outwards(way, area, inside) {
  if (!area) return way;
  const longest = edges({ closed: true, corners: way }).reduce((best, edge) => (size(edge) > size(best) ? edge : best));
  const [[x1, y1], [x2, y2]] = longest;
  const step = size(longest) / 1e4;
  const right = [(x1 + x2) / 2 + (step * (y2 - y1)) / size(longest), (y1 + y2) / 2 - (step * (x2 - x1)) / size(longest)];
  return inside(right) ? way.toReversed() : way;
}

const size = ([[x1, y1], [x2, y2]]) => Math.hypot(x2 - x1, y2 - y1);

/** Is the edge passed by a ray that goes east from the point? */
const passes = ([[x1, y1], [x2, y2]], [x, y]) => y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1);

/** Walk along the right hand at a distance, around outer corners, and keep what is nearest to no other edge. */
function pieces(way, nearM, all, inside) {
  const count = way.length;
  const walked = [];
  for (let index = 0; index < count; index++) {
    const [a, b, c] = [way[index], way[(index + 1) % count], way[(index + 2) % count]];
    const [length, direction, next] = [Math.hypot(b[0] - a[0], b[1] - a[1]), Math.atan2(b[1] - a[1], b[0] - a[0]), Math.atan2(c[1] - b[1], c[0] - b[0])];
    const at = (point, angle) => [point[0] + nearM * Math.sin(angle), point[1] - nearM * Math.cos(angle)];
    const steps = Math.max(1, Math.min(64, Math.ceil(length / (nearM / 4))));
    for (let step = 0; step <= steps; step++) walked.push(at([a[0] + ((b[0] - a[0]) * step) / steps, a[1] + ((b[1] - a[1]) * step) / steps], direction));
    const turn = ((next - direction + 3 * Math.PI) % (2 * Math.PI)) - Math.PI;
    const round = Math.abs(Math.abs(turn) - Math.PI) < 1e-9 ? Math.PI : turn; // the end of a line is gone round, not cut across
    for (let angle = ARC_STEP; angle < round; angle += ARC_STEP) walked.push(at(b, direction + angle));
  }
  walked.push(walked[0]);
  const limit = (nearM * 0.998) ** 2;
  const kept = walked.map((point) => !inside(point) && all.every((edge) => distance2(point, edge) >= limit));
  const lines = [];
  for (let index = 0; index < walked.length; index++) {
    if (!kept[index]) continue;
    if (index && kept[index - 1]) lines.at(-1).push(walked[index]);
    else lines.push([walked[index]]);
  }
  return lines.filter((line) => line.length > 1);
}

function distance2([x, y], [[x1, y1], [x2, y2]]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const share = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
  return (x1 + share * dx - x) ** 2 + (y1 + share * dy - y) ** 2;
}
