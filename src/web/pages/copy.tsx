/** A button that copies a text. Without the script there is none: the text can be selected as well. */
import type { FC } from "hono/jsx";

export const COPY_SCRIPT = "/account/copy.js";

interface CopyProps {
  text: string;
  /** The name of what it copies, for screen readers. */
  what: string;
}

export const Copy: FC<CopyProps> = ({ text, what }) => (
  <button class="quiet" type="button" hidden data-copy={text}>
    <span aria-live="polite">Copy</span>
    <span class="visually-hidden"> {what}</span>
  </button>
);

export const COPY_SCRIPT_TEXT = `
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const words = button.firstElementChild;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      words.textContent = "Copied";
    } catch {
      words.textContent = "Not copied";
    }
    setTimeout(() => { words.textContent = "Copy"; }, 2500);
  });
}
`;
