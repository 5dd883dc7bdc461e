// A dialog over the console: Escape and a click beside it close it, focus stays inside (the browser's own <dialog>).
import { useEffect, useRef } from "preact/hooks";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { dialog } from "./store.js";
import { Icon } from "../icons.js";

export function Modal({ title, kind, children }) {
  const element = useRef(null);
  const close = () => (dialog.value = null);
  useEffect(() => {
    element.current.showModal();
  }, []);
  return html`<dialog ref=${element} class=${`modal modal-${kind}`} aria-label=${title} onClose=${close} onClick=${(click) => click.target === element.current && close()}>
    <div class="modal-body"><header class="modal-head"><h2>${title}</h2><button class="quiet" aria-label=${t("close")} onClick=${close}><${Icon} name="close" /></button></header>${children}</div>
  </dialog>`;
}
