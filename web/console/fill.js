/** One entry of a dictionary with its places filled: text, or plural forms chosen by `n`. Pure. */
export function fill(entry, code, values) {
  const text = typeof entry === "string" ? entry : entry[new Intl.PluralRules(code).select(values.n)] ?? entry.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
