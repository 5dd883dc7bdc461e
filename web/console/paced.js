// Work that is wished for more often than it is worth doing.
import { untracked } from "@preact/signals";

/** At most one run each `everyMs`, the last wish always served. */
export function paced(run, everyMs) {
  let timer = null;
  let wished = false;
  const wish = () => {
    if (timer !== null) return void (wished = true);
    untracked(run);
    timer = setTimeout(function next() {
      timer = null;
      if (wished) {
        wished = false;
        run();
        timer = setTimeout(next, everyMs);
      }
    }, everyMs);
  };
  return { wish, stop: () => clearTimeout(timer) };
}
