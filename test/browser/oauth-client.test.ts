/** `@atproto/oauth-client-browser`, unmodified, in Chromium: redirect, popup, refresh, calls, revocation. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Stage, setStage } from "../clients/oauth/stage.ts";
import { launchChromium, signInOn } from "./chromium.ts";

let stage: Stage;
let browser: Browser;
let context: BrowserContext;
let server: http.Server;
let appAddress = "";

beforeAll(async () => {
  const bundled = await build({
    entryPoints: [path.join(import.meta.dirname, "app.js")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions: ["browser"],
    logLevel: "silent",
  });
  const script = bundled.outputFiles[0]?.text ?? "";
  server = http.createServer((request, response) => {
    const isScript = request.url === "/app.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(
      isScript ? script : '<!doctype html><title>App</title><script type="module" src="/app.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  appAddress = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  [stage, browser] = await Promise.all([setStage(), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  server?.close();
  await stage?.stop();
});
beforeEach(async () => {
  await context?.close();
  context = await browser.newContext();
});

async function openApp(scope = "atproto transition:generic"): Promise<Page> {
  const page = await context.newPage();
  const query = new URLSearchParams({ did: stage.alice.did, plc: stage.host.plc, scope });
  await page.goto(`${appAddress}?${query.toString()}`);
  await page.waitForFunction("window.ready !== undefined");
  return page;
}

test("a page signs a member in by redirect, writes, refreshes, and signs them out", async () => {
  const page = await openApp();
  await page.evaluate(`void client.signInRedirect("${stage.alice.handle}")`);
  await page.waitForURL(`${stage.host.url}/**`);
  await signInOn(page);
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.waitForURL(`${appAddress}**`);
  await page.waitForFunction("window.ready !== undefined");
  expect(await page.evaluate("useSession()")).toEqual({
    did: stage.alice.did,
    scope: "atproto transition:generic",
    written: 200,
    read: 200,
  });
  await page.evaluate("ready.then(({ session }) => session.signOut())");
  expect(await stage.host.query("DIRECTORY", "SELECT count(*) AS n FROM oauth_session")).toEqual([{ n: 0 }]);
});

test("a page signs a member in by popup", async () => {
  const page = await openApp();
  const opened = context.waitForEvent("page");
  const signedIn = page.evaluate(`client.signInPopup("${stage.alice.handle}").then(({ did }) => did)`);
  const popup = await opened;
  await popup.waitForURL(`${stage.host.url}/**`);
  await signInOn(popup);
  await popup.getByRole("button", { name: "Allow", exact: true }).click();
  expect(await signedIn).toBe(stage.alice.did);
});

test("a member who says no comes back with no session", async () => {
  const page = await openApp();
  await page.evaluate(`void client.signInRedirect("${stage.alice.handle}")`);
  await page.waitForURL(`${stage.host.url}/**`);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.waitForURL(`${appAddress}**`);
  await page.waitForFunction("window.ready !== undefined");
  const refused = await page.evaluate("ready.then(() => null, ({ message }) => message)");
  expect(refused).toContain("rejected");
});

/** A scope of each kind, and a call that needs it. The e-mail scope gives the address instead of a status. */
const CALLS = [
  [
    "repo:app.bsky.feed.post",
    {
      path: "/xrpc/com.atproto.repo.createRecord",
      type: "application/json",
      body: {
        collection: "app.bsky.feed.post",
        record: { $type: "app.bsky.feed.post", text: "from a page", createdAt: "2026-01-01T00:00:00.000Z" },
      },
    },
  ],
  ["rpc:app.bsky.feed.getTimeline?aud=*", { path: "/xrpc/app.bsky.feed.getTimeline" }],
  ["blob:text/plain", { path: "/xrpc/com.atproto.repo.uploadBlob", type: "text/plain", body: "some words" }],
  [
    "account:email?action=manage",
    { path: "/xrpc/com.atproto.server.requestEmailConfirmation", type: "text/plain" },
  ],
  ["identity:*", { path: "/xrpc/com.atproto.identity.requestPlcOperationSignature", type: "text/plain" }],
  ["transition:email", { path: "/xrpc/com.atproto.server.getSession" }],
] as const;

test.each([
  ["with them", true],
  ["without any", false],
])("a page makes a call with each scope: %s", async (_what, granted) => {
  const page = await openApp(["atproto", ...(granted ? CALLS.map(([scope]) => scope) : [])].join(" "));
  await page.evaluate(`void client.signInRedirect("${stage.alice.handle}")`);
  await page.waitForURL(`${stage.host.url}/**`);
  await signInOn(page);
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.waitForURL(`${appAddress}**`);
  await page.waitForFunction("window.ready !== undefined");
  for (const [scope, call] of CALLS) {
    const json = "body" in call && typeof call.body === "object";
    const body = json
      ? JSON.stringify({ repo: stage.alice.did, ...call.body })
      : "body" in call
        ? call.body
        : undefined;
    const told: unknown = await page.evaluate(`tryCall(${JSON.stringify({ ...call, body })})`);
    const seen = scope === "transition:email" ? "alice@example.com" : 200;
    const unseen = scope === "transition:email" ? undefined : 403;
    expect(told, scope).toBe(granted ? seen : unseen);
  }
});
