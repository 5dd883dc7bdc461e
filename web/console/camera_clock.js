// Is the clock of this camera right: by how much it is off, how that is known, and what is done about it.
import { useAnswer } from "./answer.js";
import { clockOf, lasting, verdict, way } from "./clock_verdict.js";
import { html } from "./html.js";
import { language, t } from "./i18n.js";
import { Failed, Loading } from "./states.js";
import { siteId } from "./store.js";
import { percent } from "./words.js";

const long = (seconds) => lasting(seconds, language.value);

function Known({ answer, name }) {
  const { clock } = answer;
  const { key, warns } = verdict(answer);
  return html`${name && html`<p class="muted">${name}</p>`}
    <p class=${warns ? "callout" : "muted"} role=${warns ? "note" : null}>${t(key)}</p>
    <dl class="facts">
      <dt>${t("clock.offset")}</dt><dd class="figures">${t(`clock_way.${way(clock)}`, { offset: long(clock.offset_s) })} ± ${long(2 * clock.sd_s)}</dd>
      <dt>${t("clock.surely")}</dt><dd>${t("clock.near", { chance: percent(clock.probability) })} · ${t("clock.off", { chance: percent(clock.wrong) })}</dd>
      <dt>${t("clock.by")}</dt><dd>${t("clock.witnesses", { n: clock.witnesses })}</dd>
      ${clock.resets > 0 && html`<dt>${t("clock.resets_title")}</dt><dd>${t("clock.resets", { n: clock.resets })}</dd>`}
    </dl>`;
}

/** `devices`: what is in service at this camera's station; null while on their way. */
export function CameraClock({ devices }) {
  const { answer, problem, again } = useAnswer(`/sites/${siteId.peek()}/clocks`);
  const known = (answer ?? []).length && devices ? devices.map((device) => ({ device, answer: clockOf(answer, device.key) })).filter((one) => one.answer) : [];
  return html`<h3>${t("clock.title")}</h3>
    ${problem ? html`<${Failed} problem=${problem} again=${again} />` : !answer || !devices ? html`<${Loading} />`
    : known.length ? known.map((one) => html`<${Known} key=${one.device.key} answer=${one.answer} name=${devices.length > 1 ? one.device.name || one.device.key : null} />`)
    : html`<p class="muted">${t("clock.unknown")}</p>`}`;
}
