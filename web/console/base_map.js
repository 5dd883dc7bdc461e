// The ground of the map: land and borders of the world (world-atlas), coarse first, then fine where one looks closely.
import feature from "topojson/feature";
import mesh from "topojson/mesh";
import { flat } from "./antimeridian.js";

const FINE_FROM_ZOOM = 6;
const vendor = (name) => new URL(`../vendor/${name}`, import.meta.url);

async function topology(name) {
  const response = await fetch(vendor(name));
  if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
  return response.json();
}

export async function drawBaseMap(map) {
  const coarse = await topology("countries-50m.json");
  map.getSource("land").setData(flat(feature(coarse, "land")));
  map.getSource("borders").setData(flat(mesh(coarse, coarse.objects.countries, (one, other) => one !== other)));
  const refine = async () => {
    if (map.getZoom() < FINE_FROM_ZOOM) return;
    map.off("zoomend", refine);
    const fine = await topology("land-10m.json").catch(() => null); // the coarse coast stays then
    if (fine) map.getSource("land")?.setData(flat(feature(fine, "land")));
  };
  map.on("zoomend", refine);
  await refine();
}
