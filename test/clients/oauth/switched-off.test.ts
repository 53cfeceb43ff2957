/** A member who switched their account off comes back through an app, which begins by resolving the handle. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { MemberBrowser, departed, shown, textOf } from "../../../tools/kit/oauth/member-browser.ts";
import { PASSWORD, type Stage, appFor, setStage, signInAt } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.stop());

const session = async () =>
  stage.host.xrpc("com.atproto.server.createSession", {
    input: { identifier: stage.alice.handle, password: PASSWORD },
  }) as Promise<{ accessJwt: string; active: boolean }>;

async function switchOff(): Promise<void> {
  const { accessJwt } = await session();
  const response = await fetch(`${stage.host.url}/xrpc/com.atproto.server.deactivateAccount`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessJwt}`, "content-type": "application/json" },
    body: "{}",
  });
  expect(response.status).toBe(200);
}
beforeEach(switchOff);

test("the handle resolves to its DID", async () => {
  const { did, handle } = stage.alice;
  const url = new URL("/xrpc/com.atproto.identity.resolveHandle", stage.host.url);
  url.searchParams.set("handle", handle);
  expect(await (await fetch(url)).json()).toEqual({ did });
});

test("they are shown how to switch it on, and go on to the app", async () => {
  const app = await appFor(stage, "atproto");
  const browser = new MemberBrowser(stage.host.url);
  const off = await signInAt(browser, await app.client.authorize(stage.alice.handle));
  expect(textOf(off)).toContain("Your account is switched off");
  expect(textOf(off)).toContain("Switch it on again");
  expect((await session()).active).toBe(false);
  const consent = shown(await browser.submit(off, "activate"));
  expect(consent.url.searchParams.get("as")).toBe(stage.alice.did);
  const back = departed(await browser.submit(consent, "consent", { answer: "allow" }));
  expect((await app.client.callback(back.searchParams)).session.did).toBe(stage.alice.did);
  expect((await session()).active).toBe(true);
});

test("a consent page from before gives no code, and remembers no consent", async () => {
  const app = await appFor(stage, "atproto", "confidential");
  const browser = new MemberBrowser(stage.host.url);
  const off = await signInAt(browser, await app.client.authorize(stage.alice.handle));
  const consent = shown(await browser.submit(off, "activate"));
  await switchOff();
  const refused = shown(await browser.submit(consent, "consent", { answer: "allow" }));
  expect(textOf(refused)).toContain("Your account is switched off");
  expect(
    await stage.host.query("DIRECTORY", "SELECT * FROM oauth_consent WHERE did = ?", stage.alice.did),
  ).toEqual([]);
});

test("an app that was allowed before asks nothing more than the switch", async () => {
  const app = await appFor(stage, "atproto", "confidential");
  const browser = new MemberBrowser(stage.host.url);
  const off = await signInAt(browser, await app.client.authorize(stage.alice.handle));
  departed(
    await browser.submit(shown(await browser.submit(off, "activate")), "consent", { answer: "allow" }),
  );
  await switchOff();
  const again = shown(await browser.open(await app.client.authorize(stage.alice.handle)));
  expect(textOf(again)).toContain("Your account is switched off");
  departed(await browser.submit(again, "activate"));
  expect((await session()).active).toBe(true);
});
