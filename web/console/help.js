import { html } from "./html.js";
import { t } from "./i18n.js";
import { Modal } from "./modal.js";
import { session } from "./store.js";
import { leave, Settings } from "./topbar.js";

const KEYS = [["J K", "help.step"], ["A", "help.acknowledge"], ["R", "help.resolve"], ["F", "help.fly"], ["W", "near.ask"], ["P", "desk.title"], ["N", "help.new"], ["T", "help.table"], ["/", "help.search"], ["Space", "help.play"], ["L", "help.live"], ["Esc", "help.close"], ["?", "help.title"]];

export const Help = () => html`<${Modal} title=${t("help.title")} kind="help">
  <div class="settings"><span class="strong">${session.value.person.name}</span><${Settings} /><button onClick=${leave}>${t("logout")}</button></div>
  <dl class="keys">${KEYS.map(([key, text]) => html`<dt>${key.split(" ").map((one) => html`<kbd>${one}</kbd>`)}</dt><dd>${t(text)}</dd>`)}</dl><//>`;
