// What is known of a camera's clock, as keys of sentences. Pure.

const LIKELY = 0.9;
const DOUBTFUL = 0.5;

/** One answer of the hub for a device; undefined: nothing was learnt of its clock. */
export const clockOf = (answers, key) => answers.find((one) => one.clock.device === key);

/** {key, warns}: what to think of it, worst first. */
export function verdict({ clock, is_wrong: isWrong }) {
  if (isWrong) return { key: "clock.corrected", warns: true };
  if (clock.wrong >= LIKELY) return { key: clock.resets > 0 ? "clock.reset_wrong" : "clock.wrong", warns: true };
  if (clock.wrong >= DOUBTFUL) return { key: "clock.doubtful", warns: true };
  return { key: clock.resets > 0 ? "clock.reset_right" : "clock.right", warns: false };
}

/** Which way it is off: "fast", "slow", or "even" where the error bar covers the true time. */
export function way({ offset_s: offset, sd_s: sd }) {
  if (Math.abs(offset) <= 2 * sd) return "even";
  return offset > 0 ? "fast" : "slow";
}

/** Whole days, hours, minutes of a time; seconds only below two minutes: [[2, "hour"], [5, "minute"]], at most two. */
export function parts(seconds) {
  const whole = Math.round(Math.abs(seconds));
  if (whole < 120) return [[whole, "second"]];
  let left = Math.round(whole / 60);
  const found = [];
  for (const [unit, size] of [["day", 1440], ["hour", 60], ["minute", 1]]) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) found.push([count, unit]);
  }
  return found.slice(0, 2);
}

/** "2 h 5 min", as people of this language write it. */
export const lasting = (seconds, language) =>
  parts(seconds).map(([count, unit]) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(count)).join(" ");
