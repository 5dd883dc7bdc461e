// The top bar: where, live or not, how old, how well, who.
import { logout } from "./api.js";
import { health } from "./feed.js";
import { html } from "./html.js";
import { chooseLanguage, language, LANGUAGES, t } from "./i18n.js";
import { lastHeardAt, linkState, newestAt } from "./live.js";
import { isLive, now, playing } from "./moment.js";
import { tellProblem } from "./notices.js";
import { SiteClock } from "./scrubber.js";
import { chooseSite, dialog, session, site } from "./store.js";
import { themeChoice, THEMES } from "./theme.js";
import { old } from "./words.js";
import { Icon } from "../icons.js";

function LiveBadge() {
  const state = isLive.value ? linkState.value : playing.value ? "playing" : "paused";
  return html`<span class=${`live-badge live-${state}`} role="status"><span class="dot" aria-hidden="true"></span>${t(`link.${state}`)}</span>`;
}

function Health() {
  const found = health.value;
  if (!found) return html`<span class="muted">${t("health.unknown")}</span>`;
  const doors = Object.entries(found.doors ?? {}).filter(([, door]) => !door.connected).map(([name]) => name.toUpperCase());
  const silent = found.devices?.silent ?? 0;
  const lag = found.pipeline?.lag_s ?? 0;
  const pictures = found.pictures ?? {};
  const waiting = (pictures.live ?? 0) + (pictures.bulk ?? 0);
  const worries = [
    ...doors.map((name) => t("health.door", { name })),
    ...(found.database?.ok === false ? [t("health.database")] : []),
    ...(lag > 30 ? [t("health.lag", { age: old(lag) })] : []),
    ...(found.detector?.problem ? [t("health.detector.broken", { why: found.detector.problem })] : []),
    ...(waiting && !found.detector ? [t("health.detector.waiting", { n: waiting })] : []),
  ];
  const text = worries[0] ?? (silent ? t("health.silent", { n: silent }) : t("health.good"));
  return html`<span class=${`health ${worries.length ? "health-bad" : ""}`} title=${[...worries, t("health.devices", { ok: found.devices?.ok ?? 0, silent }), t("health.hour", { n: found.observations_last_hour ?? 0 }), found.detector ? t("health.detector", { name: found.detector.id }) : t("health.detector.none"), ...(waiting ? [t("health.pictures", { n: waiting })] : [])].join("\n")}>
    <${Icon} name="link" size=${16} />${text}</span>`;
}

const Age = () => {
  const last = newestAt.value ?? (Date.parse(health.value?.last_observed_at) || null);
  if (last === null) return html`<span class="top-item top-age"><span class="roomy">${t("age.none")}</span><span class="tight">–</span></span>`;
  const age = old((now.value - last) / 1000);
  return html`<span class="top-item top-age" title=${t("age.title")}><span class="roomy">${t("age", { age })}</span><span class="tight">${age}</span></span>`;
};

const Pick = ({ label, value, options, onPick, kind }) => html`<label class=${`pick ${kind}`}><span class="unseen">${label}</span>
  <select value=${value} title=${label} onChange=${(pick) => onPick(pick.target.value)}>${options.map(([code, name]) => html`<option value=${code} selected=${code === value}>${name}</option>`)}</select></label>`;

export const leave = () => logout().catch(tellProblem);

export const Settings = () => html`
  <${Pick} kind="theme-pick" label=${t("theme")} value=${themeChoice.value} options=${THEMES.map((name) => [name, t(`theme.${name}`)])} onPick=${(name) => (themeChoice.value = name)} />
  <${Pick} kind="language-pick" label=${t("language")} value=${language.value} options=${Object.entries(LANGUAGES)} onPick=${chooseLanguage} />`;

export function TopBar() {
  const { person, sites } = session.value;
  return html`<header class="topbar">
    <span class="mark" aria-hidden="true"><svg width="22" height="22" viewBox="0 0 24 24"><circle cx="12" cy="12" r="3" /><path d="M7 5.500a8 8 0 0 1 7-1.5 M18 6.500a8 8 0 0 1 2 6.5 M18.5 17a8 8 0 0 1-7 3 M7 18.500a8 8 0 0 1-3-6 M4.5 8.500l.5-.8" /></svg></span>
    ${sites.length > 1 ? html`<${Pick} kind="site-pick" label=${t("site")} value=${site.value.id} options=${sites.map((one) => [one.id, one.drill ? `${one.name} · ${t("drill.word")}` : one.name])} onPick=${chooseSite} />`
    : html`<strong class="site-name">${site.value.name}</strong>`}
    <${LiveBadge} /><${Age} /><span class="top-item top-health"><${Health} /></span>
    <span class="grow"></span>
    <${SiteClock} />
    <button class="search-button" aria-label=${t("search")} onClick=${() => (dialog.value = "search")}><${Icon} name="search" size=${16} /><span>${t("search")}</span><kbd>/</kbd></button>
    <${Settings} />
    <span class="who" title=${person.email}>${person.name}</span>
    <button class="quiet" aria-label=${t("help.title")} title=${t("help.title")} onClick=${() => (dialog.value = "help")}><${Icon} name="help" /></button>
    <button class="quiet logout" aria-label=${t("logout")} title=${t("logout")} onClick=${leave}><${Icon} name="logout" /></button>
  </header>`;
}

/** Under the top bar while the stream is dead: what is on screen is old, and how old. */
export function DegradedBanner() {
  if (linkState.value !== "stale" && linkState.value !== "offline") return null;
  now.value; // the silence grows by this browser's clock, whatever time it is at the site
  const silence = lastHeardAt.value === null ? "–" : old((Date.now() - lastHeardAt.value) / 1000);
  return html`<div class=${`degraded degraded-${linkState.value}`} role="alert"><${Icon} name="link" size=${18} />
    <span>${t(`degraded.${linkState.value}`, { age: silence })}</span></div>`;
}
