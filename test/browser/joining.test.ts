/** A host that approves its new members, in Chromium, by the keyboard alone. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningHost } from "../../tools/dev/host.ts";
import { launchChromium } from "./chromium.ts";
import { PASSWORD, addOwner, signedIn, startKept } from "./keepers.ts";
import { press, tabTo, title, type, unfold } from "./keyboard.ts";
import { assertAccessible } from "./looks.ts";

let browser: Browser;
let host: RunningHost;
let owner: BrowserContext;

beforeAll(async () => {
  [browser, host] = await Promise.all([
    launchChromium(),
    startKept({ REGISTRATION: "approval", HOST_NAME: "Lagoon" }),
  ]);
  await addOwner(host, "anna");
  owner = await signedIn(browser, host, "anna");
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

/** Somebody asks to join, on a browser of their own. */
async function ask(name: string, reason: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${host.origin}/account/sign-up`);
  await type(page, "Handle", name);
  await type(page, "E-mail address", `${name}@example.com`);
  await type(page, "Why you want to join", reason);
  await press(page, "Ask to join");
  return page;
}

test("people ask, the owner lets one in and refuses others, and one signs up", async () => {
  const front = await browser.newPage();
  await front.goto(`${host.origin}/account/sign-up`);
  await assertAccessible(front, "joining-ask");
  await front.close();

  const clara = await ask(
    "clara",
    "I keep bees on the roof of the library, and Ben told me of your swap evenings.",
  );
  expect(await title(clara)).toBe("Your request is waiting");
  await assertAccessible(clara, "joining-waiting");
  const again = await ask("clara", "Once more.");
  expect(await again.getByText("asked to join with this address already").count()).toBe(1);
  await assertAccessible(again, "joining-taken");
  await ask("buyer", "BEST PRICES visit my shop");
  const seller = await ask("seller", "BEST PRICES visit my other shop");

  const desk = await owner.newPage();
  await desk.goto(`${host.origin}/admin`);
  await assertAccessible(desk, "joining-home");
  await press(desk, /requests to join/);
  await assertAccessible(desk, "joining-requests");
  for (const name of ["buyer", "seller"]) {
    await tabTo(desk, desk.getByLabel(`Choose @${name}.test`));
    await desk.keyboard.press("Space");
  }
  await desk.getByLabel("What to do with those chosen").selectOption("refuse");
  await press(desk, "Look at those chosen");
  await assertAccessible(desk, "joining-preview");
  await press(desk, "Refuse");
  expect(await desk.getByText("Refused: @buyer.test, @seller.test.").count()).toBe(1);
  await unfold(desk, "Say something with it");
  await type(desk, "What they are told with it", "Tuesdays at seven. Bring a jar.");
  await press(desk, "Let in @clara.test");
  expect(await desk.getByText("@clara.test may join.").count()).toBe(1);
  await assertAccessible(desk, "joining-let-in");

  await seller.reload();
  expect(await title(seller)).toBe("Not this time");
  await assertAccessible(seller, "joining-refused");
  await clara.reload();
  expect(await title(clara)).toBe("You are welcome");
  await assertAccessible(clara, "joining-approved");
  await press(clara, "Create your account");
  await assertAccessible(clara, "joining-sign-up");
  await type(clara, "Password", PASSWORD);
  await press(clara, "Create account");
  expect(await title(clara)).toBe("Welcome to Lagoon");
  await desk.goto(`${host.origin}/admin/requests?show=joined`);
  expect(await desk.getByText("I keep bees on the roof").count()).toBe(1);
  await assertAccessible(desk, "joining-came");
}, 400_000);

test("without JavaScript, somebody asks, and is let in", async () => {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto(`${host.origin}/account/sign-up`);
  await page.getByLabel("Handle", { exact: true }).fill("dora");
  await page.getByLabel("E-mail address").fill("dora@example.com");
  await page.getByLabel("Why you want to join").fill("I mend clocks.");
  await page.getByRole("button", { name: "Ask to join" }).click();
  expect(await title(page)).toBe("Your request is waiting");
  const desk = await (await signedIn(browser, host, "anna", false)).newPage();
  await desk.goto(`${host.origin}/admin/requests`);
  await desk.getByRole("button", { name: "Let in @dora.test" }).click();
  expect(await desk.getByText("@dora.test may join.").count()).toBe(1);
  await page.reload();
  expect(await title(page)).toBe("You are welcome");
});
