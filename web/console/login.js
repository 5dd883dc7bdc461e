import { useState } from "preact/hooks";
import { login } from "./api.js";
import { html } from "./html.js";
import { chooseLanguage, language, LANGUAGES, t } from "./i18n.js";
import { problemText } from "./notices.js";

export function Login() {
  const [problem, setProblem] = useState(null);
  const [sending, setSending] = useState(false);
  const submit = async (happening) => {
    happening.preventDefault();
    const said = new FormData(happening.currentTarget);
    setSending(true);
    setProblem(null);
    await login(said.get("email"), said.get("password")).catch((failure) => {
      setProblem(failure);
      setSending(false);
    });
  };
  return html`<main class="login">
    <form class="login-card" onSubmit=${submit}>
      <svg class="login-mark" width="56" height="56" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="3" /><path d="M7 5.5a8 8 0 0 1 7-1.5 M18 6.5a8 8 0 0 1 2 6.5 M18.5 17a8 8 0 0 1-7 3 M7 18.5a8 8 0 0 1-3-6" /></svg>
      <h1>Rosette</h1>
      <p class="muted">${t("login.text")}</p>
      <label class="field"><span>${t("login.email")}</span><input name="email" type="email" autocomplete="username" required autofocus /></label>
      <label class="field"><span>${t("login.password")}</span><input name="password" type="password" autocomplete="current-password" required /></label>
      ${problem && html`<p class="callout callout-warning" role="alert">${problem.status === 401 ? t("login.wrong") : problemText(problem)}</p>`}
      <button class="primary wide" disabled=${sending}>${t("login.do")}</button>
      <div class="login-languages">${Object.entries(LANGUAGES).map(([code, name]) => html`<button type="button" class="linklike" lang=${code} aria-pressed=${code === language.value} onClick=${() => chooseLanguage(code)}>${name}</button>`)}</div>
    </form></main>`;
}
