// Whom a detection shows: what the hub believes, what people said, and what a decision would change.
import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "./answer.js";
import { list, request } from "./api.js";
import { referenceVersion } from "./feed.js";
import { siteId } from "./store.js";
import { uuid7 } from "./uuid7.js";

const root = (id) => `/sites/${siteId.peek()}/detections/${id}/identity`;

/** {answer, problem, set, again}: whom it is believed to show; asked again when `version` changes. */
export const useIdentity = (id, version) => useAnswer(root(id), [version]);

/** Individuals of the site, those of this species first, by name; null while on their way. */
export function useRoster(species) {
  const [roster, setRoster] = useState(null);
  const version = referenceVersion.value;
  useEffect(() => {
    let wanted = true;
    const first = (one) => (species && one.scientific_name === species ? 0 : 1);
    list(`/sites/${siteId.peek()}/individuals`)
      .then((found) => wanted && setRoster(found.sort((a, b) => first(a) - first(b) || a.name.localeCompare(b.name))))
      .catch(() => wanted && setRoster([]));
    return () => (wanted = false);
  }, [species, version]);
  return roster;
}

export const preview = (id, word) => request("POST", `${root(id)}/preview`, { body: word });
export const decide = (id, word, note) => request("POST", root(id), { body: { id: uuid7(), ...word, note } });
export const withdraw = (id, decision) => request("POST", `${root(id)}/${decision}/withdraw`);

/** Decisions that hold. */
export const holding = (decisions) => decisions.filter((one) => one.withdrawn_at === null);
