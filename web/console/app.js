// The dispatcher's console, put together: the one file that knows every panel.
import { render } from "preact";
import { effect } from "@preact/signals";
import { AlertQueue, waitingCount } from "./alert_queue.js";
import { resume } from "./api.js";
import { Detail } from "./detail.js";
import { DrillBanner, Watermark } from "./drillbanner.js";
import "./feed.js";
import { FenceList } from "./fence_list.js";
import { fences } from "./fences.js";
import { Help } from "./help.js";
import { html } from "./html.js";
import { chooseLanguage, language, t } from "./i18n.js";
import { listen } from "./keyboard.js";
import { Login } from "./login.js";
import { MapView } from "./map.js";
import { MapTools } from "./map_tools.js";
import { isLive } from "./moment.js";
import { Notices } from "./notices.js";
import { Readout } from "./readout.js";
import { hypotheses } from "./hypotheses.js";
import { review } from "./review.js";
import { ReviewList } from "./review_list.js";
import { HistoryBanner, PastBanner, Scrubber } from "./scrubber.js";
import { Search } from "./search.js";
import { SequenceDesk } from "./sequence_desk.js";
import { sequences } from "./sequences.js";
import { Empty, Loading } from "./states.js";
import { dialog, leftPanel, mayIdentify, narrowTab, remembered, session, sessionKnown, site } from "./store.js";
import { FeatureTable } from "./table.js";
import "./theme.js";
import { DegradedBanner, TopBar } from "./topbar.js";

const DIALOGS = { table: FeatureTable, search: Search, help: Help, desk: SequenceDesk };

const Tab = ({ chosen, onClick, children }) => html`<button class="tab" role="tab" aria-selected=${chosen} onClick=${onClick}>${children}</button>`;

/** Sightings in doubt, pictures to judge, and what may lie behind it all. */
const reviewCount = () => (review.value?.waiting ?? 0) + (hypotheses.value?.waiting ?? 0) + (sequences.value?.length ?? 0);

function LeftColumn() {
  const waiting = waitingCount();
  return html`<section class="side left" data-drill=${site.value.drill ? t("drill.word") : null} aria-label=${t("left.title")}>
    <div class="tabs" role="tablist" aria-label=${t("left.title")}>
      <${Tab} chosen=${leftPanel.value === "alerts"} onClick=${() => (leftPanel.value = "alerts")}>${t("alerts")}${waiting > 0 && html`<span class="count">${waiting}</span>`}<//>
      <${Tab} chosen=${leftPanel.value === "fences"} onClick=${() => (leftPanel.value = "fences")}>${t("fences")}${fences.value.length > 0 && html`<span class="count count-quiet">${fences.value.length}</span>`}<//>
      ${mayIdentify.value && html`<${Tab} chosen=${leftPanel.value === "review"} onClick=${() => (leftPanel.value = "review")}>${t("review")}${reviewCount() > 0 && html`<span class="count count-quiet">${reviewCount()}</span>`}<//>`}
    </div>
    ${leftPanel.value === "alerts" ? html`<${AlertQueue} />` : leftPanel.value === "review" && mayIdentify.value ? html`<${ReviewList} />` : html`<${FenceList} />`}
  </section>`;
}

function NarrowTabs() {
  const waiting = waitingCount();
  return html`<nav class="narrow-tabs" aria-label=${t("narrow.title")}>
    ${["alerts", "map"].map((name) => html`<button aria-current=${narrowTab.value === name ? "page" : null} onClick=${() => (narrowTab.value = name)}>
      ${t(`narrow.${name}`)}${name === "alerts" && waiting > 0 && html`<span class="count">${waiting}</span>`}</button>`)}</nav>`;
}

function Console() {
  const Open = DIALOGS[dialog.value];
  return html`<div class=${`console narrow-${narrowTab.value} ${isLive.value ? "" : "console-past"} ${site.value.drill ? "console-drill" : ""}`}>
    <h1 class="unseen">Rosette · ${site.value.name}</h1>
    <${DrillBanner} /><${TopBar} /><${DegradedBanner} />
    <div class="columns">
      <${LeftColumn} />
      <main class="centre" aria-label=${t("map")}>
        <div class="map-box"><${MapView} /><${Watermark} /><${PastBanner} /><${HistoryBanner} /><${MapTools} /><${Readout} /></div>
        <${Scrubber} />
      </main>
      <${Detail} />
    </div>
    <${NarrowTabs} />
    ${Open && html`<${Open} />`}
  </div>`;
}

function App() {
  return html`${!sessionKnown.value ? html`<${Loading} />`
    : !session.value ? html`<${Login} />`
    : !site.value ? html`<main class="login"><${Empty} title=${t("no_sites")}>${t("no_sites_more")}<//></main>`
    : html`<${Console} key=${session.value.person.id} />`}<${Notices} />`;
}

effect(() => {
  document.title = [site.value?.drill && t("drill.word"), site.value?.name, "Rosette"].filter(Boolean).join(" · ");
});
effect(() => {
  const theirs = session.value?.person.language;
  if (theirs && remembered("language") === null) chooseLanguage(theirs);
});
listen();
await chooseLanguage(language.value);
render(html`<${App} />`, document.getElementById("app"));
resume().catch(() => {}); // no session, or no hub: either way the login screen says what is wrong
