// Light, dark and red-night; the system decides until a person does.
import { computed, effect, signal } from "@preact/signals";
import { lasting } from "./store.js";

const darkWanted = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(darkWanted.matches);
darkWanted.addEventListener("change", (change) => (systemDark.value = change.matches));

export const THEMES = ["system", "light", "dark", "red"];
export const themeChoice = lasting("theme", "system");
export const theme = computed(() =>
  themeChoice.value === "system" || !THEMES.includes(themeChoice.value)
    ? systemDark.value ? "dark" : "light"
    : themeChoice.value,
);
effect(() => (document.documentElement.dataset.theme = theme.value));

/** The value of a design token in the present theme, e.g. token("water"). */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
