/** A page as somebody without a pointer uses it. */
import type { Locator, Page } from "playwright-core";

/** More than any page has to pass. */
const PRESSES_MAX = 80;

/** Moves the focus there. Throws if the keyboard does not reach it. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < PRESSES_MAX; presses++) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("no way there by the keyboard");
}

/** Types into a field, in place of what it had. */
export async function type(page: Page, label: string, text: string): Promise<void> {
  await tabTo(page, page.getByLabel(label, { exact: true }));
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(text);
}

/** Presses a button or follows a link, and waits for the page that comes. */
export async function press(page: Page, name: string | RegExp): Promise<void> {
  await tabTo(page, page.getByRole("button", { name }).or(page.getByRole("link", { name })).first());
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
}

/** Opens what is folded away. */
export async function unfold(page: Page, words: string): Promise<void> {
  await tabTo(page, page.locator("summary", { hasText: words }).first());
  await page.keyboard.press("Enter");
}

export const title = (page: Page): Promise<string> => page.getByRole("heading", { level: 1 }).innerText();
