// One answer of the hub that a panel shows, and its problem; asked again when something that it rests on changes.
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "./api.js";

/** {answer, problem, set, again} of a path; asked anew when the path or one of `reasons` changes. What is set stands: an answer on its way is from before. */
export function useAnswer(path, reasons = []) {
  const [found, setFound] = useState({ answer: null, problem: null });
  const [attempt, setAttempt] = useState(0);
  const asking = useRef(null);
  useEffect(() => {
    const abort = (asking.current = new AbortController());
    get(path, abort.signal)
      .then((answer) => setFound({ answer, problem: null }))
      .catch((problem) => problem.name !== "AbortError" && setFound({ answer: null, problem }));
    return () => abort.abort();
  }, [path, attempt, ...reasons]);
  const set = (answer) => {
    asking.current?.abort();
    setFound({ answer, problem: null });
  };
  return { ...found, set, again: () => setAttempt(attempt + 1) };
}
