// Shapes of the globe on a plane: where a line crosses 180° it goes on past it, so that nothing is drawn the long way round.

/** The line with longitudes that never jump: 179, 181 instead of 179, -179. */
function unrolled(line) {
  let turn = 0;
  return line.map(([longitude, latitude], index) => {
    const step = index ? longitude - line[index - 1][0] : 0;
    if (step > 180) turn -= 360;
    else if (step < -180) turn += 360;
    return [longitude + turn, latitude];
  });
}

/** A ring that comes back a whole turn away lies around a pole: it is closed along the edge of the plane. */
function ringUnrolled(ring) {
  const line = unrolled(ring);
  const [first, last] = [line[0], line[line.length - 1]];
  if (Math.abs(last[0] - first[0]) < 180) return line;
  const pole = first[1] < 0 ? -90 : 90;
  return [...line, [last[0], pole], [first[0], pole], first];
}

const HOW = {
  LineString: unrolled,
  MultiLineString: (lines) => lines.map(unrolled),
  Polygon: (rings) => rings.map(ringUnrolled),
  MultiPolygon: (polygons) => polygons.map((rings) => rings.map(ringUnrolled)),
};

/** GeoJSON that may be drawn on a plane. */
export function flat(geojson) {
  if (geojson.features) return { ...geojson, features: geojson.features.map(flat) };
  if (geojson.geometries) return { ...geojson, geometries: geojson.geometries.map(flat) };
  if (geojson.geometry) return { ...geojson, geometry: flat(geojson.geometry) };
  return geojson.type in HOW ? { ...geojson, coordinates: HOW[geojson.type](geojson.coordinates) } : geojson;
}
