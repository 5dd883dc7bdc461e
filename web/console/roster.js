// Entries of the roster that are one animal, or that hold two: what people said, and what it would change.
import { useAnswer } from "./answer.js";
import { request } from "./api.js";
import { referenceVersion } from "./feed.js";
import { siteId } from "./store.js";
import { uuid7 } from "./uuid7.js";

const root = (id) => `/sites/${siteId.peek()}/individuals/${id}/roster`;

/** {answer, problem, set, again}: an entry with its sightings, merges and splits. */
export const useEntry = (id) => useAnswer(root(id), [referenceVersion.value]);

const post = (path, body) => request("POST", path, { body });

export const previewMerge = (id, stays) => post(`${root(id)}/merge/preview`, { stays });
export const merge = (id, stays, note) => post(`${root(id)}/merge`, { id: uuid7(), stays, note });
export const previewSplit = (id, observations, other) => post(`${root(id)}/split/preview`, { observations, other });
export const split = (id, observations, { other, name }, note) => post(`${root(id)}/split`, { id: uuid7(), observations, other: other ?? uuid7(), name, note });
export const takeBack = (id, what, decision) => post(`${root(id)}/${what}/${decision}/withdraw`);
