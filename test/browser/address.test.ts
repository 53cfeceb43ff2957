/** The checklist and the change of the host's address, in Chromium, by the keyboard alone. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { RunningHost } from "../../tools/dev/host.ts";
import { launchChromium } from "./chromium.ts";
import { PASSWORD, addOwner, signedIn, startKept } from "./keepers.ts";
import { press, title, type } from "./keyboard.ts";
import { assertAccessible } from "./looks.ts";

let browser: Browser;
let host: RunningHost;
let did: string;
let owner: BrowserContext;
let desk: Page;
/** Another name that reaches the host. */
let there: URL;

beforeAll(async () => {
  [browser, host] = await Promise.all([launchChromium(), startKept({ HOST_NAME: "Lagoon" })]);
  did = await addOwner(host, "anna");
  owner = await signedIn(browser, host, "anna");
  desk = await owner.newPage();
  there = new URL(host.origin.replace("localhost", "127.0.0.1"));
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

const healthOf = (what: string) => desk.getByRole("listitem").filter({ hasText: what });

test("the checklist tests each thing, says what to mend, and tests again", async () => {
  await desk.goto(`${host.origin}/admin`);
  await press(desk, "Health");
  expect(await title(desk)).toBe("Health");
  expect(await healthOf("Address").first().innerText()).toContain(`${host.origin} is this host.`);
  expect(await healthOf("Storage for pictures").innerText()).toContain("What was written came back.");
  expect(await healthOf("Registry of identities").innerText()).toContain("It answers.");
  expect(await healthOf("Index").innerText()).toContain("Well");
  expect(await healthOf("Clock").count()).toBe(1);
  await assertAccessible(desk, "health");
  await press(desk, "Send me a mail");
  expect(await desk.getByText("A mail is on its way to anna@example.com.").count()).toBe(1);
  await assertAccessible(desk, "health-mailed");
  await press(desk, "Test again");
  expect(await title(desk)).toBe("Health");
});

test("without JavaScript, it can be read, and another address be looked at", async () => {
  const page = await (await signedIn(browser, host, "anna", false)).newPage();
  await page.goto(`${host.origin}/admin/health`);
  await page.getByRole("button", { name: "Send me a mail" }).click();
  expect(await page.getByText("A mail is on its way").count()).toBe(1);
  await page.getByRole("link", { name: "Change the address" }).click();
  await page.getByLabel("Another address").fill(there.origin);
  await page.getByRole("button", { name: "See what would happen" }).click();
  expect(await page.getByRole("heading", { name: "What happens if this host moves" }).count()).toBe(1);
  await page.getByRole("link", { name: "Leave it as it is" }).click();
  expect(await page.getByText(`This host is at ${host.origin}.`).count()).toBe(1);
});

test("another address is looked at, taken, and followed by members' identities", async () => {
  await desk.goto(`${host.origin}/admin/health`);
  await press(desk, "Change the address");
  expect(await title(desk)).toBe("Address");
  await assertAccessible(desk, "address");
  await type(desk, "Another address", "pds.example.invalid");
  await press(desk, "See what would happen");
  expect(await desk.getByText("Nothing was changed.").count()).toBe(1);
  await assertAccessible(desk, "address-away");
  await type(desk, "Another address", there.origin);
  await press(desk, "See what would happen");
  expect(await desk.getByText("One identity").count()).toBe(1);
  await assertAccessible(desk, "address-look");

  await press(desk, `Move to ${there.host}`);
  expect(await title(desk)).toBe(`This host is at ${there.host} now`);
  await assertAccessible(desk, "address-taken");
  await press(desk, `Go on at ${there.host}`);
  expect(new URL(desk.url()).host).toBe(there.host);
  await type(desk, "Handle or e-mail address", "anna.test");
  await type(desk, "Password", PASSWORD);
  await press(desk, /^Sign in$/);
  expect(new URL(desk.url()).pathname).toBe("/admin/address");
  expect(await desk.getByText(`This host is at ${there.origin}.`).count()).toBe(1);
  expect(await desk.getByText("0 done, 1 to go.").count()).toBe(1);
  await assertAccessible(desk, "address-moving");

  // Its first pass comes after a minute: now.
  await host.query("DIRECTORY", "UPDATE unsettled SET due = 0 WHERE kind = 'rehome'");
  await vi.waitFor(
    async () => {
      await desk.goto(`${there.origin}/admin/address`);
      expect(await desk.getByText("identities are being changed").count()).toBe(0);
    },
    { timeout: 60_000, interval: 1_000 },
  );
  expect(await desk.getByText(`It was at ${host.origin} before.`).count()).toBe(1);
  await assertAccessible(desk, "address-moved");
  const document: unknown = await (await fetch(`${host.outside}/${did}`)).json();
  expect(document).toMatchObject({ service: [{ serviceEndpoint: there.origin }] });
  // The address before leads there.
  await desk.goto(`${host.origin}/admin/health`);
  expect(desk.url()).toBe(`${there.origin}/admin/health`);
  expect(await healthOf("Address").first().innerText()).toContain(`${there.origin} is this host.`);
}, 400_000);
