import { html } from "./html.js";

/** One group of the form, with what it says at present while it is closed. */
export const Group = ({ title, now, open = false, children }) => html`<details class="group" open=${open}>
  <summary><span class="group-title">${title}</span><span class="group-now">${now}</span></summary><div class="group-body">${children}</div></details>`;
