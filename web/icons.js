// The project's own icons: one stroke set on a 24 px grid, drawn to stay readable at 16 px.
import { html } from "./console/html.js";

export const PATHS = {
  camera: "M4 8h3l2-3h6l2 3h3v11H4z M12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  collar: "M5 10c0 5 3 8 7 8s7-3 7-8 M5 10c0-2 3-4 7-4s7 2 7 4-3 4-7 4-7-2-7-4z M10 17v4h4v-4",
  paw: "M12 12c-3 0-5 3-5 5 0 1.6 1.2 2.5 2.5 2.5 1 0 1.5-.5 2.5-.5s1.5.5 2.5.5c1.3 0 2.5-.9 2.5-2.5 0-2-2-5-5-5z M6 9.5v1.5 M9.8 5v2.5 M14.2 5v2.5 M18 9.5v1.5",
  person: "M12 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M5 20c0-4 3-6 7-6s7 2 7 6",
  vehicle: "M3 16v-4l3-5h9l3 4 3 1v4z M7.5 18.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z M16.5 18.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z M12 7v4",
  fire: "M12 21c4 0 6.5-2.8 6.5-6.5C18.5 10 14 8 13.5 3 10 5 5.5 9.5 5.5 14.5 5.5 18.2 8 21 12 21z M12 21c-1.8 0-3-1.3-3-3 0-2 2-3 3-5 1 2 3 3 3 5 0 1.7-1.2 3-3 3z",
  snare: "M20 4l-6 6 M14 10c2 3 1 7-2 9s-7 0-8-3 1-6 4-7 5-.5 6 1z",
  ear: "M7 10a5.5 5.5 0 0 1 11 0c0 4-4 4.5-4 8 0 2-1.3 3-3 3s-3-1.3-3-3 M9.5 10.5a3 3 0 0 1 6 0",
  mast: "M12 9v12 M8 21h8 M12 9l-3 12 M12 9l3 12 M8.5 9.5a5 5 0 0 1 0-7 M15.5 9.5a5 5 0 0 0 0-7 M12 6v.01",
  patrol: "M5 20l7-16 7 16-7-4z",
  fence: "M5 8l7-4 7 5-2 9-9 2z M5 8v.01 M12 4v.01 M19 9v.01 M17 18v.01 M8 20v.01",
  line: "M4 17l5-7 6 4 5-8 M4 17v.01 M20 6v.01",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 7v5l3.5 2",
  turn: "M4 9h13l-3.5-3.5 M20 15H7l3.5 3.5",
  range: "M12 4c5 0 8 3 8 7s-3 9-8 9-8-3-8-8 3-8 8-8z M6.5 16.5l9-11 M10 19l9-11 M5 11l5-6",
  device: "M8 4h8v16H8z M11 17h2",
  satellite: "M9 9l6 6-3 3-6-6z M13 5l6 6 M5 13l6 6 M16 4a4 4 0 0 1 4 4",
  alert: "M12 4v10 M12 18.5v.01",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z M15.5 15.5L21 21",
  table: "M4 5h16v14H4z M4 10h16 M4 14.5h16 M10 5v14",
  ruler: "M4 16L16 4l4 4L8 20z M8 12l2 2 M11 9l2 2 M14 6l2 2",
  layers: "M12 4l9 5-9 5-9-5z M4 13.5l8 4.5 8-4.5",
  close: "M6 6l12 12 M18 6L6 18",
  check: "M5 12.5l5 5L19.5 7",
  back: "M14 6l-6 6 6 6 M8 12h12",
  target: "M12 19a7 7 0 1 0 0-14 7 7 0 0 0 0 14z M12 2v5 M12 17v5 M2 12h5 M17 12h5",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14 M16 5v14",
  draw: "M4 20l1-5L16 4l4 4L9 19z M14 6l4 4",
  trash: "M5 7h14 M9 7V4h6v3 M7 7l1 13h8l1-13 M10.5 11v5 M13.5 11v5",
  logout: "M10 4H5v16h5 M10 12h10 M16 8l4 4-4 4",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M12 2v3 M12 19v3 M2 12h3 M19 12h3 M5 5l2 2 M17 17l2 2 M19 5l-2 2 M7 17l-2 2",
  moon: "M20 14A8.5 8.5 0 0 1 10 4a8.5 8.5 0 1 0 10 10z",
  eye: "M2.5 12S6 6 12 6s9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6z M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  link: "M3 17h3v3H3z M9 13h3v7H9z M15 9h3v11h-3z M21 5v15",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M3 12h18 M12 3c3 3 3.5 6 3.5 9s-.5 6-3.5 9 M12 3c-3 3-3.5 6-3.5 9s.5 6 3.5 9",
  help: "M9 9a3 3 0 1 1 4 3c-1 .5-1 1.2-1 2.5 M12 18.5v.01",
  plus: "M12 5v14 M5 12h14",
  minus: "M5 12h14",
  near: "M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z M12 21a9 9 0 1 1 9-9 M16 12a4 4 0 1 0-4 4 M19 16v3l2 1.5",
  sound: "M4 9h4l5-4v14l-5-4H4z M16.5 9a4 4 0 0 1 0 6",
};

// The outlines of severity, on the same grid; filled, with the word beside them.
export const SHAPES = {
  critical: "M8 3h8l5 5v8l-5 5H8l-5-5V8z",
  high: "M12 3l10 18H2z",
  medium: "M12 2l10 10-10 10L2 12z",
  low: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  info: "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10z",
};

export function Icon({ name, size = 20 }) {
  return html`<svg class="icon" width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} /></svg>`;
}

export function Shape({ severity, size = 20 }) {
  return html`<svg class=${`shape shape-${severity}`} width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${SHAPES[severity]} />
    ${severity === "critical" && html`<path class="shape-mark" d="M12 7v6 M12 16.5v.01" />`}
    ${severity === "high" && html`<path class="shape-mark" d="M12 9.5v5 M12 17.5v.01" />`}
  </svg>`;
}
