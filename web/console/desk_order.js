// What the review desk offers and in which order. Pure: lists in, lists out.

/** Always at hand, whatever the machine says. */
export const ALWAYS = ["blank", "person", "vehicle", "animal"];
export const MOST_OFFERED = 9;

/** Labels under the keys 1 to 9: what the machine says first, then what was said lately here, then what is always there. */
export function offered(sequence, recent) {
  const said = (sequence.entries ?? []).map(({ label }) => label).filter((label) => label !== "unknown");
  return [...new Set([...said, ...recent, ...ALWAYS])].slice(0, MOST_OFFERED);
}

/** The queue without what was answered or put off meanwhile. What is on the desk stays where it is. */
export const waiting = (items, done) => items.filter(({ id }) => !done.has(id));

/** What was said lately, the newest first, each once. */
export const remembered = (recent, label) => (ALWAYS.includes(label) ? recent : [label, ...recent.filter((one) => one !== label)].slice(0, 4));

/** A count that stays a count: 0 for a blank, at least 1 for everything else. */
export const counted = (label, count) => (label === "blank" ? 0 : Math.max(1, Math.min(10_000, Math.round(count) || 1)));

/** Of these labels, those that begin with what was typed, then those that contain it. */
export function matching(labels, typed) {
  const text = typed.trim().toLowerCase();
  if (!text) return [];
  const begins = labels.filter((one) => one.toLowerCase().startsWith(text));
  return [...begins, ...labels.filter((one) => !begins.includes(one) && one.toLowerCase().includes(text))].slice(0, 8);
}
