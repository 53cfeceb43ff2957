/**
 * A host from its first visit to its owner's passkey: by the keyboard alone, and without JavaScript where no
 * passkey is involved.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from "vitest";
import { type RunningHost, startHost } from "../../tools/dev/host.ts";
import { launchChromium } from "./chromium.ts";
import { press, tabTo, title, type, unfold } from "./keyboard.ts";
import { assertAccessible } from "./looks.ts";

const CODE = "a-code-for-the-deployer";
const PASSWORD = "correct horse battery";

let browser: Browser;
let host: RunningHost;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});
beforeEach(async () => {
  host = await startHost({ vars: { PUBLIC_URL: "", SETUP_CODE: CODE } });
});
afterEach(async () => {
  await host?.stop();
});

const assertFine = (page: Page, name: string) => assertAccessible(page, `set-up-${name}`);

describe("by the keyboard alone", () => {
  test("a host gets its address, its rules, its owner and a passkey", async () => {
    const page = await browser.newPage();
    await page.goto(`${host.origin}/`);
    expect(new URL(page.url()).pathname).toBe("/setup");
    await assertFine(page, "code");
    await type(page, "Set-up code", "something else entirely");
    await press(page, "Open set-up");
    await assertFine(page, "wrong-code");
    await type(page, "Set-up code", CODE);
    await press(page, "Open set-up");
    await assertFine(page, "begin");

    await press(page, "Begin");
    expect(await title(page)).toBe("Whose place is it?");
    await assertFine(page, "place");
    await press(page, "Save and go on");

    await assertFine(page, "address");
    await tabTo(page, page.getByRole("radio").first());
    await page.keyboard.press("ArrowDown");
    await type(page, "Your own domain", "pds.example.invalid");
    await press(page, "Save and go on");
    await assertFine(page, "address-away");
    await tabTo(page, page.getByRole("radio", { checked: true }));
    await page.keyboard.press("ArrowUp");
    await press(page, "Test again, and go on");

    expect(await title(page)).toBe("Handles");
    await assertFine(page, "handles");
    await press(page, "Save and go on");

    await type(page, "Name", "Lagoon");
    await type(page, "Colour", "teal");
    await press(page, "Save and go on");
    await assertFine(page, "look-wrong");
    await type(page, "Colour", "#7a1f5c");
    await press(page, "Save and go on");

    await assertFine(page, "links");
    await type(page, "Address of the rules", "https://lagoon.example/rules");
    await press(page, "Save and go on");
    await assertFine(page, "joining");
    await press(page, "Save and go on");
    await assertFine(page, "mail");
    await press(page, "Save and go on");
    await assertFine(page, "network");
    await press(page, "Save and go on");

    expect(await title(page)).toBe("Your account");
    await assertFine(page, "owner");
    await unfold(page, "Or take an account that is here already");
    await type(page, "Its handle or e-mail address", "nobody");
    await type(page, "Its password", "a guess");
    await press(page, "Make it the owner’s");
    await assertFine(page, "owner-unknown");
    await press(page, "Make an invite for it");
    expect(await page.getByText("The invite, good for one account:").count()).toBe(1);
    await assertFine(page, "owner-invite");
    await type(page, "Handle", "anna");
    await type(page, "E-mail address", "anna@example.com");
    await type(page, "Password", PASSWORD);
    await press(page, "Create your account");
    await assertFine(page, "owned");

    const devtools = await page.context().newCDPSession(page);
    await devtools.send("WebAuthn.enable");
    await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await press(page, "Add a passkey");
    await type(page, "Name for a new passkey", "My laptop");
    await press(page, "Add a passkey");
    expect(await page.getByText("The passkey is added.").count()).toBe(1);

    await page.goto(`${host.origin}/setup`);
    await assertFine(page, "nearly");
    await press(page, "See whether all is well");
    await assertFine(page, "health");
    await press(page, "Send me a mail");
    expect(await page.getByText("A mail is on its way to you.").count()).toBe(1);
    await press(page, "Finish set-up");
    expect(new URL(page.url()).pathname).toBe("/");
    expect(await page.title()).toContain("Lagoon");
    await page.goto(`${host.origin}/setup`);
    expect(await title(page)).toBe("This host is set up");
    await page.close();
  }, 240_000);
});

describe("without JavaScript", () => {
  test("the host gets an address of its own, and set-up goes on there", async () => {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await page.goto(`${host.origin}/setup`);
    await page.getByLabel("Set-up code").fill(CODE);
    await page.getByRole("button", { name: "Open set-up" }).click();
    await page.goto(`${host.origin}/setup/address`);
    await page.getByRole("radio").nth(1).check();
    const there = host.origin.replace("localhost", "127.0.0.1");
    await page.getByLabel("Your own domain", { exact: true }).fill(there);
    await page.getByRole("button", { name: "Save and go on" }).click();
    await page.getByRole("link", { name: `Go on at ${new URL(there).host}` }).click();
    expect(page.url()).toBe(`${there}/setup`);
    await page.getByRole("link", { name: "Handles" }).click();
    expect(await title(page)).toBe("Handles");
    // Whoever comes to the first address is led to the new one.
    await page.goto(`${host.origin}/setup/handles`);
    expect(page.url()).toBe(`${there}/setup/handles`);
  });

  test("set-up is left in one browser and gone on with in another, by the code, up to the end", async () => {
    const plain = async () => (await browser.newContext({ javaScriptEnabled: false })).newPage();
    const open = async (page: Page) => {
      await page.goto(`${host.origin}/setup`);
      await page.getByLabel("Set-up code").fill(CODE);
      await page.getByRole("button", { name: "Open set-up" }).click();
    };
    const [first, second] = [await plain(), await plain()];
    await open(first);
    await first.getByRole("link", { name: "Begin" }).click();
    await first.getByRole("radio", { name: "One person" }).check();
    await first.getByRole("button", { name: "Save and go on" }).click();
    expect(await title(first)).toBe("Its address");

    await open(second);
    await first.reload();
    expect(await title(first)).toBe("This host is not set up yet");
    // What was saved there is kept, and the next page waits here.
    await second.getByRole("link", { name: "Go on" }).click();
    expect(await title(second)).toBe("Its address");
    for (const page of ["Its address", "Handles", "Name and colour", "Rules, privacy, contact"]) {
      expect(await title(second)).toBe(page);
      await second.getByRole("button", { name: "Save and go on" }).click();
    }
    // One person's place proposes what fits one person.
    expect(await second.getByLabel("Nobody").isChecked()).toBe(true);
    for (let pages = 0; pages < 3; pages++)
      await second.getByRole("button", { name: "Save and go on" }).click();
    await second.getByLabel("Handle", { exact: true }).fill("anna");
    await second.getByLabel("E-mail address", { exact: true }).fill("anna@example.com");
    await second.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await second.getByRole("button", { name: "Create your account" }).click();
    await second.getByRole("button", { name: "Go on" }).click();
    expect(await title(second)).toBe("Is all well?");
    await second.getByRole("button", { name: "Finish set-up" }).click();
    const described = await fetch(`${host.origin}/xrpc/com.atproto.server.describeServer`);
    expect(described.status).toBe(200);
    // The code opens nothing any more.
    await first.goto(`${host.origin}/setup`);
    expect(await title(first)).toBe("This host is set up");
  });
});
