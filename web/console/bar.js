// A probability as a bar; the words beside it say the same.
import { html } from "./html.js";

export const Bar = ({ share, possible = false, children }) => html`<div class=${`bar ${possible ? "bar-possible" : ""}`}>
  <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-ground" width="100" height="6" /><rect class="bar-value" width=${Math.max(0, Math.min(1, share)) * 100} height="6" /></svg>
  <span>${children}</span></div>`;
