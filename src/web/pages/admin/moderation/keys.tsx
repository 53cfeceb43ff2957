/** Single keys for what moderators do all day. They can be switched off (WCAG 2.2, 2.1.4). */
import type { FC } from "hono/jsx";

export const KEYS_SCRIPT = "/admin/keys.js";

/** The list of keys, which the script shows. */
export const Keys: FC<{ keys: readonly (readonly [key: string, does: string])[] }> = ({ keys }) => (
  <details class="keys" hidden>
    <summary>Keys</summary>
    <dl class="facts">
      {keys.map(([key, does]) => (
        <div>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
    <button class="quiet" type="button" data-keys>
      Switch them off
    </button>
  </details>
);

/** Buttons and links name their key in `data-key`; the items of a list have `data-item`. */
export const KEYS_SCRIPT_TEXT = `
const OFF = "atoll-keys-off";
let off = localStorage.getItem(OFF) === "yes";
const list = document.querySelector(".keys");
if (list) list.hidden = false;
const toggle = document.querySelector("[data-keys]");
const say = () => { if (toggle) toggle.textContent = off ? "Switch them on" : "Switch them off"; };
say();
toggle?.addEventListener("click", () => { off = !off; localStorage.setItem(OFF, off ? "yes" : "no"); say(); });
const items = [...document.querySelectorAll("[data-item]")];
const move = (by) => {
  const at = items.indexOf(document.activeElement);
  items[Math.min(items.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.focus();
};
document.addEventListener("keydown", (event) => {
  if (off || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key !== "Escape" && event.target.closest("input:not([type=checkbox]):not([type=radio]),textarea,select")) return;
  if (event.key === "Escape") { document.activeElement.blur(); return; }
  if (event.key === "j") return move(1);
  if (event.key === "k") return move(-1);
  const target = document.querySelector('[data-key="' + CSS.escape(event.key) + '"]');
  if (!target) return;
  event.preventDefault();
  if (target.matches("select,input:not([type=checkbox]),textarea,summary")) { target.closest("details")?.setAttribute("open", ""); target.focus(); }
  else target.click();
});
`;
