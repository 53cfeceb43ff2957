/** What every page must hold, however it is looked at. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const LOOKS = [
  ["wide", 1280, "light"],
  ["phone", 360, "dark"],
  ["phone", 360, "light"],
  ["wide", 1280, "dark"],
] as const;

/**
 * No barrier that axe-core finds, and nothing wider than the screen: on a wide screen by day and on a phone by
 * night. `SHOTS` names a folder in which pictures of all four looks are kept.
 */
export async function assertAccessible(page: Page, name: string): Promise<void> {
  const { SHOTS: folder } = process.env;
  for (const [size, width, colorScheme] of folder === undefined ? LOOKS.slice(0, 2) : LOOKS) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // "Legacy" mode opens no extra tab for each run; only frames would need one.
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
      `${name}, ${size}, ${colorScheme}`,
    ).toEqual([]);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(overflow, `${name} is wider than a ${size} screen`).toBeLessThanOrEqual(0);
    if (folder !== undefined)
      await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png`, fullPage: true });
  }
}

/**
 * The same of a page of the app, which is also written from right to left: nothing of it may be cut off, on
 * either screen.
 */
export async function assertReadable(page: Page, name: string): Promise<void> {
  const { SHOTS: folder } = process.env;
  await assertAccessible(page, name);
  await page.evaluate("document.documentElement.dir = 'rtl'");
  for (const [size, width] of LOOKS.slice(0, 2)) {
    await page.setViewportSize({ width, height: 800 });
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(overflow, `${name} from right to left is wider than a ${size} screen`).toBeLessThanOrEqual(0);
    if (folder !== undefined)
      await page.screenshot({ path: `${folder}/${name}-${size}-rtl.png`, fullPage: true });
  }
  await page.evaluate("document.documentElement.dir = 'ltr'");
}

/** A script that opens whatever a page has folded up. */
export const OPEN_ALL = "for (const each of document.querySelectorAll('main details')) each.open = true;";

/** The tallest picture of the guide, in CSS pixels. */
const TALLEST = 1_100;

/** A picture of a page on a phone, for the guide. `PICTURES` names the folder, such as `docs/pictures`. */
export async function takePicture(page: Page, name: string): Promise<void> {
  const { PICTURES: folder } = process.env;
  if (folder === undefined) return;
  await page.setViewportSize({ width: 360, height: 800 });
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  const height = Number(await page.evaluate("document.documentElement.scrollHeight"));
  await page.screenshot({
    path: `${folder}/${name}.png`,
    fullPage: true,
    clip: { x: 0, y: 0, width: 360, height: Math.min(height, TALLEST) },
  });
}
