/** The machine's own Chromium: `CHROMIUM` names it; otherwise distributions' usual paths are tried. */
import { existsSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { PASSWORD } from "../clients/oauth/stage.ts";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (executablePath === undefined) throw new Error("no Chromium here: set CHROMIUM to its path");
  // Chromium's sandbox needs user namespaces, which containers lack; the pages are our own.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** Fills in the open sign-in page. */
export async function signInOn(page: Page): Promise<void> {
  await page.getByLabel("Handle or e-mail address").fill("alice.test");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}
