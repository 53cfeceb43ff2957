/** The first hour of an owner, from the code of the deploy to ten members, in Chromium. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningHost, startHost } from "../../tools/dev/host.ts";
import { launchChromium } from "./chromium.ts";
import { assertAccessible } from "./looks.ts";

const CODE = "a-code-for-the-deployer";
const PASSWORD = "correct horse battery";
const NAMES = ["ben", "cleo", "dan", "eva", "finn", "gina", "hugo", "iris", "jon", "kim"];

let browser: Browser;
let host: RunningHost;

beforeAll(async () => {
  [browser, host] = await Promise.all([
    launchChromium(),
    startHost({ vars: { PUBLIC_URL: "", SETUP_CODE: CODE } }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

async function signUp(on: Page, name: string, button: string): Promise<void> {
  await on.getByLabel("Handle", { exact: true }).fill(name.padEnd(4, "a"));
  await on.getByLabel("E-mail address", { exact: true }).fill(`${name}@example.com`);
  await on.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await on.getByRole("button", { name: button }).click();
}

test("a host is set up, ten people come by one link, and one of them by a member's own", async () => {
  const page = await browser.newPage();
  await page.goto(`${host.origin}/`);
  await page.getByLabel("Set-up code").fill(CODE);
  await page.getByRole("button", { name: "Open set-up" }).click();
  await page.getByRole("link", { name: "Begin" }).click();
  const title = () => page.getByRole("heading", { level: 1 }).innerText();
  for (let pages = 0; pages < 12 && (await title()) !== "Your account"; pages++) {
    if ((await title()) === "Name and colour") await page.getByLabel("Name", { exact: true }).fill("Lagoon");
    await Promise.all([
      page.waitForEvent("load"),
      page.getByRole("button", { name: /Save and go on|Test again, and go on/ }).click(),
    ]);
  }
  await signUp(page, "anna", "Create your account");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Finish set-up" }).click();

  await page.goto(`${host.origin}/admin`);
  await assertAccessible(page, "first-hour-home");
  await page.getByRole("link", { name: "Invites" }).first().click();
  await page.getByLabel("For how many people").fill("9");
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = (await page.locator(".address code").textContent()) ?? "";
  const come = async (by: string, name: string): Promise<Page> => {
    const newcomer = await (await browser.newContext()).newPage();
    await newcomer.goto(by);
    await signUp(newcomer, name, "Create account");
    await newcomer.getByRole("heading", { name: /Welcome/ }).waitFor();
    return newcomer;
  };
  const [last = "", ...others] = NAMES.toReversed();
  for (const name of others.slice(1)) await (await come(link, name)).context().close();
  // One of them invites somebody in turn.
  const first = await come(link, others[0] ?? "");
  await first.goto(`${host.origin}/account/invites`);
  await first.getByRole("button", { name: "Make an invite link" }).click();
  const own = (await first.locator("code", { hasText: "/join/" }).first().textContent()) ?? "";
  await (await come(own, last)).context().close();

  await page.reload();
  await page.getByText("used up").waitFor();
  await assertAccessible(page, "first-hour-invite");
  await page.goto(`${host.origin}/admin/members`);
  for (const name of NAMES)
    await page
      .getByText(`@${name.padEnd(4, "a")}.`)
      .first()
      .waitFor();
  await assertAccessible(page, "first-hour-members");
  await page.goto(`${host.origin}/admin`);
  expect(await page.getByText(/11 members|10 new members|11/).count()).toBeGreaterThan(0);
  await assertAccessible(page, "first-hour-ten");
}, 300_000);
