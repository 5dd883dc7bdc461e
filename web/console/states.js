// What a panel shows when it has nothing to show: loading, empty, failed.
import { html } from "./html.js";
import { t } from "./i18n.js";
import { problemText } from "./notices.js";

export const Loading = () => html`<div class="blank" role="status"><span class="spinner" aria-hidden="true"></span>${t("loading")}</div>`;

export const Empty = ({ title, children }) => html`<div class="blank"><p class="blank-title">${title}</p><p class="muted">${children}</p></div>`;

export const Failed = ({ problem, again }) => html`<div class="blank" role="alert">
  <p class="blank-title">${problemText(problem)}</p>
  ${again && html`<button onClick=${again}>${t("again")}</button>`}
</div>`;
