// The live stream: server-sent messages read with fetch, because only fetch can say Last-Event-ID on its own reconnect
// and can tell an ended session (401) from a dead line.
import { signal } from "@preact/signals";
import { backoffMs, messageReader } from "./messages.js";
import { session } from "./store.js";

const SILENCE_MS = 12_000; // the hub speaks every 5 s; two missed heartbeats and a bit
const OFFLINE_AFTER_MS = 20_000;

/** connecting: first try; live; stale: the line fell silent a moment ago; offline: longer than that. */
export const linkState = signal("connecting");
export const lastHeardAt = signal(null);
/** When the hub last took in an observation, by the site's clock (ms); null = not known. */
export const newestAt = signal(null);
const NEWS = new Set(["positions", "detections"]);

/** When the newest of these was observed: an edited fence brings old positions again, and they are no news. */
const newest = (items) => Math.max(0, ...items.map(({ observed_at }) => Date.parse(observed_at) || 0));

/** Site seconds per second: 1, but in a drill whatever its speed is. */
let rate = 1;
let told = null; // {site, here}: what the site's clock showed at a moment of this browser's

/** The site's clock, carried on from when the hub last told it. */
export const siteNow = () => (told === null ? Date.now() : told.site + (Date.now() - told.here) * rate);

/** When by the wall's clock it was `time` at the site: the same, but in a drill with a speed of its own. */
export const wallAt = (time) => Date.now() - (siteNow() - time) / (rate || 1);

/** @param {number} time ms of the site's clock @param {number} [speed] site seconds per second */
export function setClock(time, speed = rate) {
  told = { site: time, here: Date.now() };
  rate = speed;
}

/** The speed of a drill changed: time goes on from here. */
export const setSpeed = (speed) => speed !== rate && setClock(siteNow(), speed);

/**
 * Follow a site until the returned function is called.
 * @param {(name: string, data: object) => void} hear called for every message in order
 */
export function follow(siteId, hear) {
  let stopped = false;
  let cursor = null;
  let attempt = 0;
  let connection = null;
  let observed = 0;
  linkState.value = "connecting";
  lastHeardAt.value = null;
  newestAt.value = null;

  const watchdog = setInterval(() => {
    if (lastHeardAt.value === null) {
      if (attempt > 2) linkState.value = "offline";
      return;
    }
    const silence = Date.now() - lastHeardAt.value;
    if (silence > OFFLINE_AFTER_MS) linkState.value = "offline";
    else if (silence > SILENCE_MS) linkState.value = "stale";
    if (silence > SILENCE_MS && connection?.open) connection.abort.abort();
  }, 1000);

  async function listen() {
    const abort = new AbortController();
    connection = { abort, open: false };
    const response = await fetch(`/api/v1/sites/${siteId}/live`, {
      signal: abort.signal,
      cache: "no-store",
      headers: { Accept: "text/event-stream", ...(cursor ? { "Last-Event-ID": cursor } : {}) },
    });
    if (response.status === 401) {
      session.value = null;
      return;
    }
    if (!response.ok) throw new Error(`live stream: HTTP ${response.status}`);
    connection.open = true;
    const read = messageReader();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (let chunk = await reader.read(); !chunk.done && !stopped; chunk = await reader.read()) {
      attempt = 0;
      lastHeardAt.value = Date.now();
      linkState.value = "live";
      for (const message of read(decoder.decode(chunk.value, { stream: true }))) {
        if (message.id) cursor = message.id;
        const data = JSON.parse(message.data);
        if (data.server_time) setClock(Date.parse(data.server_time));
        if (data.data_age_s !== undefined) newestAt.value = data.data_age_s === null ? null : siteNow() - data.data_age_s * 1000;
        else if (NEWS.has(message.name) && newest(data.items) > observed) {
          observed = newest(data.items);
          newestAt.value = siteNow();
        }
        hear(message.name, data);
      }
    }
  }

  (async () => {
    while (!stopped) {
      await listen().catch(() => {}); // whatever broke the line, the answer is the same: say so and try again
      if (stopped) return;
      if (linkState.value === "live") linkState.value = "stale";
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt++)));
    }
  })();

  return () => {
    stopped = true;
    clearInterval(watchdog);
    connection?.abort.abort();
  };
}
