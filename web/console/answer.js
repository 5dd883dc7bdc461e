// One answer of the hub that a panel shows, and its problem; asked again when something that it rests on changes.
import { useEffect, useState } from "preact/hooks";
import { get } from "./api.js";

/** {answer, problem, set, again} of a path; asked anew when the path or one of `reasons` changes. */
export function useAnswer(path, reasons = []) {
  const [found, setFound] = useState({ answer: null, problem: null });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    get(path, abort.signal)
      .then((answer) => setFound({ answer, problem: null }))
      .catch((problem) => problem.name !== "AbortError" && setFound({ answer: null, problem }));
    return () => abort.abort();
  }, [path, attempt, ...reasons]);
  return { ...found, set: (answer) => setFound({ answer, problem: null }), again: () => setAttempt(attempt + 1) };
}
