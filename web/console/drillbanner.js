// A drill can never be taken for the real thing: stripes on top, a watermark over the map.
import { html } from "./html.js";
import { t } from "./i18n.js";
import { request } from "./api.js";
import { health } from "./feed.js";
import { setClock } from "./live.js";
import { tellProblem } from "./notices.js";
import { mayEdit, site } from "./store.js";

const SPEEDS = [0, 1, 10, 60, 300, 1000];

export function DrillBanner() {
  if (!site.value?.drill) return null;
  const drill = health.value?.drill;
  const change = (pick) =>
    request("POST", `/sites/${site.value.id}/drill`, { body: { speed: Number(pick.target.value) } })
      .then((answer) => {
        setClock(Date.parse(answer.clock), answer.speed);
        health.value = { ...health.value, drill: answer };
      })
      .catch(tellProblem);
  return html`<div class="drill" role="note"><span class="drill-text"><strong>${t("drill.word")}</strong> ${t("drill.text")}</span>
    ${drill && mayEdit.value && html`<label class="pick drill-speed"><span>${t("drill.speed")}</span><select value=${drill.speed} onChange=${change}>
      ${[...new Set([...SPEEDS, drill.speed])].sort((a, b) => a - b).map((times) => html`<option value=${times}>${times ? `${times}×` : t("drill.stopped")}</option>`)}</select></label>`}
  </div>`;
}

export const Watermark = () => site.value?.drill && html`<div class="watermark" aria-hidden="true">${Array.from({ length: 4 }, () => html`<span>${t("drill.word")}</span>`)}</div>`;
