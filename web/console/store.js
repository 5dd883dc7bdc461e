// What the whole console shares: who is here, which site, what is selected, which panel is open.
import { computed, effect, signal } from "@preact/signals";

/** @type {import("@preact/signals").Signal<null|{person: object, sites: object[], csrf: string}>} null = not logged in */
export const session = signal(null);
export const sessionKnown = signal(false);

const wantedSite = signal(new URLSearchParams(location.search).get("site") ?? remembered("site"));

/** The site on screen: the wanted one, or the first one this person may see. */
export const site = computed(() => {
  const sites = session.value?.sites ?? [];
  return sites.find((candidate) => candidate.id === wantedSite.value) ?? sites[0] ?? null;
});
export const siteId = computed(() => site.value?.id ?? null);
export const mayIdentify = computed(() => ["dispatcher", "scientist", "admin"].includes(site.value?.role));
export const mayEdit = computed(() => ["dispatcher", "admin"].includes(site.value?.role));

/** @type {import("@preact/signals").Signal<null|{type: "alert"|"subject"|"fence"|"near"|"detection", id: string}>} */
export const selection = signal(null);
export const leftPanel = signal("alerts"); // alerts | fences | review
export const narrowTab = signal("alerts"); // alerts | map
export const dialog = signal(null); // table | search | help | desk

export function chooseSite(id) {
  wantedSite.value = id;
  selection.value = null;
  remember("site", id);
}

export function select(type, id) {
  selection.value = id ? { type, id } : null;
}

/** A signal whose value outlives the page, where the browser lets it. */
export function lasting(name, initial) {
  let known = remembered(name) ?? initial;
  const value = signal(known);
  effect(() => {
    if (value.value !== known) remember(name, (known = value.value));
  });
  return value;
}

/** What this browser remembers under a name, or null. */
export function remembered(name) {
  try {
    return localStorage.getItem(`rosette.${name}`);
  } catch {
    return null; // storage is off in this browser: the choice lasts as long as the page
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`rosette.${name}`, value);
  } catch {
    // same: nothing to keep it in
  }
}
