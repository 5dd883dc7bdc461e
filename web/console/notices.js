// Short words to the person at the screen: spoken for a screen reader, shown for everyone.
import { effect, signal } from "@preact/signals";
import { html } from "./html.js";
import { language, t } from "./i18n.js";
import { Icon } from "../icons.js";

const SHOWN_MS = 6000;
const notices = signal([]);
const politely = signal("");
const atOnce = signal("");
let serial = 0;

// What was said in one language is not left behind in another.
effect(() => {
  language.value;
  politely.value = atOnce.value = "";
});

export function announce(text, urgent) {
  (urgent ? atOnce : politely).value = text;
}

/** @param {"plain"|"warning"} tone a warning stays until it is closed */
export function tell(text, tone = "plain") {
  const notice = { id: ++serial, text, tone };
  notices.value = [...notices.value.slice(-2), notice];
  if (tone === "plain") setTimeout(() => close(notice.id), SHOWN_MS);
}

export const problemText = (problem) =>
  problem.status === 0 ? t("problem.unreachable")
  : problem.status === 403 ? t("problem.forbidden")
  : problem.status === 412 ? t("problem.stale")
  : problem.status >= 500 ? t("problem.hub", { detail: problem.message })
  : problem.message;

export const tellProblem = (problem) => tell(problemText(problem), "warning");

const close = (id) => (notices.value = notices.value.filter((notice) => notice.id !== id));

export function Notices() {
  return html`<div class="notices" role="status" aria-live="polite">
      ${notices.value.map((notice) => html`<div key=${notice.id} class=${`notice notice-${notice.tone}`}>
        <span>${notice.text}</span>
        <button class="quiet" aria-label=${t("close")} onClick=${() => close(notice.id)}><${Icon} name="close" size=${16} /></button>
      </div>`)}
    </div>
    <p class="unseen" aria-live="polite">${politely.value}</p>
    <p class="unseen" aria-live="assertive">${atOnce.value}</p>`;
}
