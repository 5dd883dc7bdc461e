// Is this camera well: silence against its own past, battery, pictures that cannot be read, another view; and outages.
import { useAnswer } from "./answer.js";
import { contactKey, ofDevice, otherTrouble } from "./camera_state.js";
import { html } from "./html.js";
import { language, t } from "./i18n.js";
import { lasting } from "./clock_verdict.js";
import { Failed, Loading } from "./states.js";
import { siteId } from "./store.js";
import { ago, at, percent } from "./words.js";

const useHealth = () => useAnswer(`/sites/${siteId.peek()}/cameras/health`);

function One({ camera, outage, name }) {
  const facts = {
    heard: camera.heard_at && at(camera.heard_at),
    usual: camera.usual_h && lasting(camera.usual_h * 3600, language.value),
    due: camera.silence_due_at && at(camera.silence_due_at),
    battery: camera.battery_percent !== null && percent(camera.battery_percent / 100),
    bad: camera.unreadable,
    of: camera.looked_at,
    turned: camera.turned_on && at(camera.turned_on),
    repeater: outage?.repeater,
    n: outage?.members.length,
    since: outage && at(outage.since),
  };
  const calm = camera.contact === "ok" || camera.contact === "unknown";
  return html`${name && html`<p class="muted">${name}</p>`}
    <p class=${calm ? "muted" : "callout"} role=${calm ? null : "note"}>${t(contactKey(camera, outage), facts)}</p>
    ${otherTrouble(camera).map((one) => html`<p key=${one} class="callout" role="note">${t(`camera_trouble.${one}`, facts)}</p>`)}
    ${camera.battery_percent !== null && !camera.trouble.includes("battery") && html`<p class="muted">${t("camera.battery", facts)} · ${ago(camera.battery_at)}</p>`}`;
}

/** `devices`: what is in service at this camera's station; null while on their way. */
export function CameraHealth({ devices }) {
  const { answer, problem, again } = useHealth();
  const known = answer && devices ? devices.map((device) => ({ device, ...ofDevice(answer, device.key) })).filter((one) => one.camera) : [];
  return html`<h3>${t("camera.title")}</h3>
    ${problem ? html`<${Failed} problem=${problem} again=${again} />` : !answer || !devices ? html`<${Loading} />`
    : known.length ? known.map(({ device, camera, outage }) => html`<${One} key=${device.key} camera=${camera} outage=${outage} name=${devices.length > 1 ? device.name || device.key : null} />`)
    : html`<p class="muted">${t("camera.none")}</p>`}`;
}

/** Outages of the site, as the review desk's list shows them; nothing where there is none. */
export function Outages() {
  const { answer } = useHealth();
  if (!answer?.outages.length) return null;
  return html`<h3>${t("camera.outages")}</h3><ul class="rows">${answer.outages.map((one) => html`<li key=${`${one.repeater} ${one.since}`} class="evidence" title=${one.members.join(", ")}>
    <span>${one.repeater ?? t("camera.something")} <span class="muted">${t("camera.members", { n: one.members.length })}</span></span>
    <time class="muted" datetime=${one.since}>${at(one.since)} · ${ago(one.since)}</time></li>`)}</ul>`;
}
