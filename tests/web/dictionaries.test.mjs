import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import en from "../../web/i18n/en.js";
import ru from "../../web/i18n/ru.js";

const web = new URL("../../web/", import.meta.url);
const sources = readdirSync(new URL("console/", web)).map((name) => readFileSync(new URL(`console/${name}`, web), "utf8"));

test("both languages have the same keys", () => {
  assert.deepEqual(Object.keys(ru).sort(), Object.keys(en).sort());
});

test("both languages fill the same places", () => {
  const places = (entry) => [...new Set(JSON.stringify(entry).match(/\{\w+\}/g))].sort();
  for (const key of Object.keys(en)) assert.deepEqual(places(ru[key]), places(en[key]), key);
});

test("every plural entry has every form of its language", () => {
  for (const [code, dictionary] of Object.entries({ en, ru })) {
    const forms = new Intl.PluralRules(code).resolvedOptions().pluralCategories;
    for (const [key, entry] of Object.entries(dictionary)) {
      if (typeof entry === "object") assert.deepEqual(Object.keys(entry).sort(), [...forms].sort(), `${code} ${key}`);
    }
  }
});

test("every key that the console asks for exists", () => {
  const asked = new Set(sources.flatMap((text) => [...text.matchAll(/\bt\("([a-z_.]+)"/g)].map(([, key]) => key)));
  assert.ok(asked.size > 100);
  assert.deepEqual([...asked].filter((key) => !(key in en)), []);
});

test("every group of keys that the console builds exists", () => {
  const groups = new Set(sources.flatMap((text) => [...text.matchAll(/\bt\(`([a-z_]+)\.\$\{|\bword\("([a-z]+)"/g)].map(([, one, two]) => one ?? two)));
  assert.ok(groups.size > 8);
  for (const group of groups) assert.ok(Object.keys(en).some((key) => key.startsWith(`${group}.`)), group);
});

test("no key is left over", () => {
  const text = sources.join("\n");
  const built = new Set([...text.matchAll(/\bt\(`([a-z_]+)\.\$\{|\bword\("([a-z]+)"/g)].map(([, one, two]) => one ?? two));
  const leftOver = Object.keys(en).filter((key) => !text.includes(`"${key}"`) && !built.has(key.split(".")[0]));
  assert.deepEqual(leftOver, []);
});
