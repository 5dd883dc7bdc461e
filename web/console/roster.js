// Entries of the roster that are one animal, or that hold two: what people said, and what it would change.
import { useEffect, useState } from "preact/hooks";
import { get, request } from "./api.js";
import { referenceVersion } from "./feed.js";
import { siteId } from "./store.js";
import { uuid7 } from "./uuid7.js";

const root = (id) => `/sites/${siteId.peek()}/individuals/${id}/roster`;

/** {answer, problem, set, again}: an entry with its sightings, merges and splits. */
export function useEntry(id) {
  const [found, setFound] = useState({ answer: null, problem: null });
  const [attempt, setAttempt] = useState(0);
  const version = referenceVersion.value;
  useEffect(() => {
    const abort = new AbortController();
    get(root(id), abort.signal)
      .then((answer) => setFound({ answer, problem: null }))
      .catch((problem) => problem.name !== "AbortError" && setFound({ answer: null, problem }));
    return () => abort.abort();
  }, [id, version, attempt]);
  return { ...found, set: (answer) => setFound({ answer, problem: null }), again: () => setAttempt(attempt + 1) };
}

const post = (path, body) => request("POST", path, { body });

export const previewMerge = (id, stays) => post(`${root(id)}/merge/preview`, { stays });
export const merge = (id, stays, note) => post(`${root(id)}/merge`, { id: uuid7(), stays, note });
export const previewSplit = (id, observations, other) => post(`${root(id)}/split/preview`, { observations, other });
export const split = (id, observations, { other, name }, note) => post(`${root(id)}/split`, { id: uuid7(), observations, other: other ?? uuid7(), name, note });
export const takeBack = (id, what, decision) => post(`${root(id)}/${what}/${decision}/withdraw`);
