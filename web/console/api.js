// The hub's HTTP contract: JSON in and out, RFC 9457 problems as errors, one place for the CSRF token.
import { batch } from "@preact/signals";
import { session, sessionKnown } from "./store.js";

const ROOT = "/api/v1";

/** What the hub said no to. `status` 0 means that it could not be reached. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? "";
    this.body = body;
  }
}

export async function request(method, path, { body, headers = {}, signal } = {}) {
  const unsafe = method !== "GET";
  let response;
  try {
    response = await fetch(ROOT + path, {
      method,
      signal,
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(unsafe && session.value ? { "X-CSRF-Token": session.value.csrf } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem(0, { code: "unreachable" });
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401 && path !== "/login") session.value = null;
  throw new Problem(response.status, answer ?? {});
}

export const get = (path, signal) => request("GET", path, { signal });
export const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value != null)).toString();

/** All pages of a list. */
export async function list(path, values = {}) {
  const items = [];
  let after = null;
  do {
    const page = await get(`${path}?${query({ limit: 500, ...values, after })}`);
    items.push(...page.items);
    after = page.next;
  } while (after);
  return items;
}

/** `version` null creates, a number edits exactly that version. */
export const put = (path, record, version) =>
  request("PUT", path, { body: record, headers: version == null ? { "If-None-Match": "*" } : { "If-Match": `"${version}"` } });
export const remove = (path, version) => request("DELETE", path, { headers: { "If-Match": `"${version}"` } });
export const act = (path, body, version) => request("POST", path, { body, headers: { "If-Match": `"${version}"` } });

export async function resume() {
  let found = null;
  try {
    found = await get("/me");
  } finally {
    batch(() => {
      session.value = found;
      sessionKnown.value = true;
    });
  }
}

export async function login(email, password) {
  session.value = await request("POST", "/login", { body: { email, password } });
}

export async function logout() {
  await request("POST", "/logout");
  session.value = null;
}
