// What a fence asks for, as a dispatcher says it: what raises an alert, how sure, how near, how long, of whom.
import { change, draft, isAreaDraft } from "./draft.js";
import { CROSSINGS, ofShape, spanText, STAYS, triggerText, WARNINGS } from "./fence_words.js";
import { Group } from "./group.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { SEVERITIES } from "./queue.js";
import { far } from "./words.js";
import { Shape } from "../icons.js";

const WATCHED = ["individual", "person", "vehicle", "device", "gunshot", "fire"];
const SENSITIVITIES = ["urgent", "balanced", "calm"];
const SPANS = [[60, "minutes"], [3600, "hours"], [86_400, "days"]];
const LENGTHS = [[1, "metres"], [1000, "kilometres"]];
const EDGES = ["straight", "geodesic"];
const FIRST = { band_m: 50, near_m: 1000, approach_s: 1800, dwell_s: 3600, overdue_s: 43_200 };

const toggled = (values, value) => (values.includes(value) ? values.filter((one) => one !== value) : [...values, value]);

/** A choice with a line that explains it. */
const Choice = ({ id, type, name, checked, onChange, title, more, children }) => html`<div class="explained"><label class="choice">
    <input type=${type} name=${name} checked=${checked} aria-describedby=${`explain-${id}`} onChange=${onChange} /><span class="strong">${title}</span></label>
    <p id=${`explain-${id}`} class="explained-more">${more}</p>${children}</div>`;

/** A number with its unit; the largest unit that divides it is shown. `value` null is none. */
function Amount({ value, units, label, unitLabel, onChange }) {
  const [size, unit] = units.findLast(([one]) => value % one === 0 && value >= one) ?? units[0];
  const set = (count, next) => onChange(count > 0 ? Math.round(count * next) : null);
  return html`<span class="amount"><input type="number" min="1" step="any" inputmode="decimal" aria-label=${label} value=${value === null ? "" : value / size} onChange=${(typed) => set(Number(typed.target.value), size)} />
    <select aria-label=${unitLabel} value=${unit} onChange=${(pick) => set(value / size, units.find(([, name]) => name === pick.target.value)[0])}>${units.map(([, name]) => html`<option value=${name} selected=${name === unit}>${t(`unit.${name}`)}</option>`)}</select></span>`;
}

/** A trigger that needs a number: ticking it gives one, and unticking it takes it away. */
function Limited({ trigger, field, units }) {
  const fence = draft.value;
  const on = fence.triggers.includes(trigger);
  const flip = () => change({ triggers: toggled(fence.triggers, trigger), [field]: on ? null : fence[field] ?? FIRST[field] });
  const title = triggerText(trigger, true);
  return html`<${Choice} id=${trigger} type="checkbox" checked=${on} onChange=${flip} title=${title} more=${t(`explain.${trigger}`)}>
    ${on && html`<${Amount} value=${fence[field]} units=${units} label=${t(`amount.${trigger}`)} unitLabel=${t("amount.unit")} onChange=${(value) => change({ [field]: value })} />`}<//>`;
}

const LINE_TOO = new Set(["enter", "exit", "through"]);
const explained = (trigger) => t(`explain.${trigger}${!isAreaDraft.value && LINE_TOO.has(trigger) ? "_line" : ""}`);

export function Raises() {
  const fence = draft.value;
  const offered = ofShape(CROSSINGS, isAreaDraft.value);
  const now = fence.triggers.filter((one) => offered.includes(one)).map((one) => triggerText(one, isAreaDraft.value)).join(", ");
  return html`<${Group} title=${t("fence.triggers")} now=${now || t("fence.nothing")} open=${true}>
    <fieldset class="plain"><legend class="unseen">${t("fence.triggers")}</legend>${offered.map((trigger) => html`<${Choice} key=${trigger} id=${trigger} type="checkbox" checked=${fence.triggers.includes(trigger)}
      onChange=${() => change({ triggers: toggled(fence.triggers, trigger) })} title=${triggerText(trigger, isAreaDraft.value)} more=${explained(trigger)} />`)}</fieldset><//>`;
}

export function Sure() {
  const fence = draft.value;
  const banded = isAreaDraft.value && fence.band_m !== null;
  const now = [word("sensitivity", fence.sensitivity), banded && t("limit.band", { distance: far(fence.band_m) })].filter(Boolean).join(", ");
  return html`<${Group} title=${t("fence.sure")} now=${now}>
    <fieldset class="plain"><legend class="unseen">${t("fence.sure")}</legend>${SENSITIVITIES.map((one) => html`<${Choice} key=${one} id=${one} type="radio" name="sensitivity" checked=${fence.sensitivity === one}
      onChange=${() => change({ sensitivity: one })} title=${t(`sensitivity.${one}`)} more=${t(`sensitivity_more.${one}`)} />`)}</fieldset>
    ${isAreaDraft.value && html`<${Choice} id="band" type="checkbox" checked=${banded} onChange=${() => change({ band_m: banded ? null : FIRST.band_m })} title=${t("fence.band")} more=${t("explain.band")}>
      ${banded && html`<${Amount} value=${fence.band_m} units=${LENGTHS} label=${t("amount.band")} unitLabel=${t("amount.unit")} onChange=${(value) => change({ band_m: value })} />`}<//>`}<//>`;
}

/** What runs between two corners: seen on the map only where they lie far apart. */
export function Edges() {
  const fence = draft.value;
  return html`<${Group} title=${t("fence.edges")} now=${t(`edges.${fence.edges}`)}>
    <fieldset class="plain"><legend class="unseen">${t("fence.edges")}</legend>${EDGES.map((one) => html`<${Choice} key=${one} id=${one} type="radio" name="edges" checked=${fence.edges === one}
      onChange=${() => change({ edges: one })} title=${t(`edges.${one}`)} more=${t(`edges_more.${one}`)} />`)}</fieldset><//>`;
}

export function Warns() {
  const fence = draft.value;
  const warns = fence.triggers.some((one) => WARNINGS.includes(one) || one === "possible_crossing");
  const said = [fence.near_m && t("limit.near", { distance: far(fence.near_m) }), fence.approach_s && t("limit.approach", { span: spanText(fence.approach_s) })].filter(Boolean).join(", ");
  return html`<${Group} title=${t("fence.distance")} now=${said || t("fence.off")}>
    <${Limited} trigger="proximity" field="near_m" units=${LENGTHS} /><${Limited} trigger="approach" field="approach_s" units=${SPANS} />
    ${warns && html`<fieldset><legend>${t("fence.warning_severity")}</legend><div class="severities">
      <label class="choice"><input type="radio" name="warning" checked=${fence.warning_severity === null} onChange=${() => change({ warning_severity: null })} />${t("fence.same_severity")}</label>
      ${SEVERITIES.map((severity) => html`<label class="choice"><input type="radio" name="warning" checked=${fence.warning_severity === severity} onChange=${() => change({ warning_severity: severity })} /><${Shape} severity=${severity} size=${16} />${t(`severity.${severity}`)}</label>`)}</div></fieldset>`}<//>`;
}

export function Stays() {
  const fence = draft.value;
  const said = [fence.dwell_s && t("limit.dwell", { span: spanText(fence.dwell_s) }), fence.overdue_s && t("limit.overdue", { span: spanText(fence.overdue_s) })].filter(Boolean).join(", ");
  return html`<${Group} title=${t("fence.stays")} now=${said || t("fence.off")}>
    ${STAYS.map((trigger) => html`<${Limited} key=${trigger} trigger=${trigger} field=${`${trigger}_s`} units=${SPANS} />`)}<//>`;
}

export function Watched() {
  const fence = draft.value;
  const now = fence.watches.length ? fence.watches.map((kind) => word("kinds", kind)).join(", ") : t("fence.everyone");
  const others = fence.watches.filter((one) => !WATCHED.includes(one)); // a species that somebody wrote by the API stays
  return html`<${Group} title=${t("fence.watches")} now=${now}>
    <fieldset class="plain"><legend class="unseen">${t("fence.watches")}</legend>${[...WATCHED, ...others].map((kind) => html`<label class="choice">
      <input type="checkbox" checked=${fence.watches.includes(kind)} onChange=${() => change({ watches: toggled(fence.watches, kind) })} />${word("kinds", kind)}</label>`)}
      <p class="hint">${t("fence.watches_hint")}</p></fieldset><//>`;
}
