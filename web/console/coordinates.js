// Coordinates as people write them, and distances on the ground. Longitude before latitude in arrays.
const RADIUS_M = 6_371_008.8;
const radians = Math.PI / 180;

export const decimal = (longitude, latitude) =>
  `${Math.abs(latitude).toFixed(5)}° ${latitude < 0 ? "S" : "N"}, ${Math.abs(longitude).toFixed(5)}° ${longitude < 0 ? "W" : "E"}`;

export function sexagesimal(longitude, latitude) {
  return `${dms(latitude, "N", "S")} ${dms(longitude, "E", "W")}`;
}

function dms(value, positive, negative) {
  const tenths = Math.round(Math.abs(value) * 36_000);
  const pad = (number, width) => String(number).padStart(width, "0");
  const seconds = (tenths % 600) / 10;
  return `${Math.floor(tenths / 36_000)}°${pad(Math.floor(tenths / 600) % 60, 2)}′${pad(seconds.toFixed(1), 4)}″${value < 0 ? negative : positive}`;
}

/** [longitude, latitude] out of what somebody typed or pasted (latitude first, as people do), or null. */
export function parsePlace(text) {
  const parts = [...text.matchAll(/(-?\d+(?:[.,]\d+)?)\s*(?:[°d]\s*(?:(\d+(?:\.\d+)?)\s*['′m]\s*)?(?:(\d+(?:\.\d+)?)\s*(?:["″s]|''))?)?\s*([NSEW])?/gi)];
  if (parts.length !== 2) return null;
  const [first, second] = parts.map(([, whole, minutes, seconds, side]) => {
    const size = Math.abs(Number(whole.replace(",", "."))) + Number(minutes ?? 0) / 60 + Number(seconds ?? 0) / 3600;
    const negative = whole.startsWith("-") || /[SW]/i.test(side ?? "");
    return { value: negative ? -size : size, side: (side ?? "").toUpperCase() };
  });
  const [latitude, longitude] = /[EW]/.test(first.side) ? [second, first] : [first, second];
  return Math.abs(latitude.value) <= 90 && Math.abs(longitude.value) <= 180 ? [longitude.value, latitude.value] : null;
}

/** Great-circle distance in metres (haversine); to 0.5 % of the ellipsoid, enough for a figure on a screen. */
export function distanceM([lon1, lat1], [lon2, lat2]) {
  const a =
    Math.sin(((lat2 - lat1) * radians) / 2) ** 2 +
    Math.cos(lat1 * radians) * Math.cos(lat2 * radians) * Math.sin(((lon2 - lon1) * radians) / 2) ** 2;
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(a)));
}

/** "320 m", "3.2 km". */
export function distance(metres, language) {
  const [value, unit] = metres < 1000 ? [metres, "meter"] : [metres / 1000, "kilometer"];
  const digits = metres < 1000 || value >= 20 ? 0 : 1;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: digits }).format(value);
}

/** Ring of an error ellipse; orientation of the long axis clockwise from north. */
export function ellipseRing(longitude, latitude, { semi_major_m, semi_minor_m, orientation_deg }, steps = 48) {
  const turn = orientation_deg * radians;
  const north = 1 / (RADIUS_M * radians);
  const east = north / Math.max(0.01, Math.cos(latitude * radians));
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = (2 * Math.PI * (step % steps)) / steps;
    const along = semi_major_m * Math.cos(angle);
    const across = semi_minor_m * Math.sin(angle);
    return [
      longitude + (along * Math.sin(turn) + across * Math.cos(turn)) * east,
      latitude + (along * Math.cos(turn) - across * Math.sin(turn)) * north,
    ];
  });
}

/** West, south, east, north of any GeoJSON; null when it holds no position. */
export function extent(geojson) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  (function walk(value) {
    if (Array.isArray(value) && typeof value[0] === "number") {
      box[0] = Math.min(box[0], value[0]);
      box[1] = Math.min(box[1], value[1]);
      box[2] = Math.max(box[2], value[0]);
      box[3] = Math.max(box[3], value[1]);
    } else if (Array.isArray(value)) value.forEach(walk);
    else if (value && typeof value === "object") walk(value.coordinates ?? value.geometry ?? value.features ?? value.geometries);
  })(geojson);
  return box[0] === Infinity ? null : box;
}
