// Words in the reader's language. A dictionary maps keys to text, or to plural forms chosen by `n`.
import { signal } from "@preact/signals";
import { fill } from "./fill.js";
import { lasting } from "./store.js";

export const LANGUAGES = { en: "English", ru: "Русский" };
export const language = lasting("language", preferred());
const dictionary = signal({});

function preferred() {
  return (navigator.languages ?? []).map((tag) => tag.slice(0, 2)).find((tag) => tag in LANGUAGES) ?? "en";
}

export async function chooseLanguage(code) {
  const chosen = code in LANGUAGES ? code : "en";
  dictionary.value = (await import(`../i18n/${chosen}.js`)).default;
  language.value = chosen;
  document.documentElement.lang = chosen;
}

export function t(key, values = {}) {
  const entry = dictionary.value[key];
  return entry === undefined ? key : fill(entry, language.value, values);
}

/** Text for a code that may be unknown here (a newer hub): its own name then. */
export function word(group, code) {
  const key = `${group}.${code}`;
  return key in dictionary.value ? t(key) : code;
}
