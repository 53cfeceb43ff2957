/** The recovery key that the browser makes: shown once, kept from the host, and good for its purpose. */
import { P256Keypair, multibaseToBytes } from "@atproto/crypto";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createUpdate, type PlcOperation } from "../../src/identity/plc/operation.ts";
import { PASSWORD, type Stage, setStage } from "../clients/oauth/stage.ts";
import { launchChromium } from "./chromium.ts";

let stage: Stage;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [stage, browser] = await Promise.all([setStage(), launchChromium()]);
  context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  page = await context.newPage();
});
afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

/** A private key as tools for did:plc read it: multibase, with the code of P-256 private keys. */
function signerOf(secret: string): Promise<P256Keypair> {
  const bytes = multibaseToBytes(secret);
  expect([secret[0], ...bytes.subarray(0, 2)]).toEqual(["z", 0x86, 0x26]);
  const key = bytes.subarray(2);
  expect(key).toHaveLength(32);
  return P256Keypair.import(key);
}

const lastOperation = async (did: string): Promise<PlcOperation> =>
  (await fetch(`${stage.host.plc}/${did}/log/last`)).json() as Promise<PlcOperation>;

async function assertMoves(did: string, secret: string): Promise<void> {
  const signer = await signerOf(secret);
  const last = await lastOperation(did);
  expect(last.rotationKeys[0]).toBe(signer.did());
  const services = {
    atproto_pds: { type: "AtprotoPersonalDataServer", endpoint: "https://elsewhere.example" },
  };
  const operation = await createUpdate(last, signer, (state) => ({ ...state, services }));
  const answer = await fetch(`${stage.host.plc}/${did}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(operation),
  });
  expect(answer.status).toBe(200);
}

test("a newcomer makes one, saves it, and could leave with it if the host were gone", async () => {
  const sent: string[] = [];
  page.on("request", (request) => sent.push(`${request.url()} ${request.postData() ?? ""}`));
  await page.goto(`${stage.host.url}/account/sign-up`);
  await page.getByLabel("Handle", { exact: true }).fill("keeper");
  await page.getByLabel("E-mail address").fill("keeper@example.com");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Make a recovery key" }).click();
  const shown = page.getByLabel("Your recovery key");
  await shown.waitFor();
  await page.getByRole("button", { name: "Make another one" }).click();
  const secret = (await shown.textContent()) ?? "";
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  expect(await page.evaluate("navigator.clipboard.readText()")).toBe(secret);
  const file = page.waitForEvent("download");
  await page.getByRole("link", { name: "Save as a file" }).click();
  const stream = await (await file).createReadStream();
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  expect(Buffer.concat(parts).toString()).toContain(secret);

  // Without the promise that it was saved, nothing is sent.
  await page.getByRole("button", { name: "Create account" }).click();
  expect(new URL(page.url()).pathname).toBe("/account/sign-up");
  await page.getByLabel("I have saved it").check();
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: /Welcome to/ }).waitFor();
  expect(sent.filter((each) => each.includes(secret))).toEqual([]);

  const [{ did } = {}] = await stage.host.query(
    "DIRECTORY",
    "SELECT did FROM account WHERE handle = 'keeper.test'",
  );
  await assertMoves(String(did), secret);
});

test("a member adds one later, with the code from the mail", async () => {
  await context.clearCookies();
  await page.goto(`${stage.host.url}/account/sign-in?to=/account/recovery`);
  await page.getByLabel("Handle or e-mail address").fill("alice.test");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("So far, only Lagoon can move your account").waitFor();
  await page.getByRole("button", { name: "Send me a code to add a recovery key" }).click();
  const { code } = await stage.network.mailbox().next(({ to }) => to === "alice@example.com");
  await page.getByLabel("Code from the mail").fill(code ?? "");
  await page.getByRole("button", { name: "Add it to my identity" }).click();
  await page.getByText("Please make the key first.").waitFor();
  await page.getByRole("button", { name: "Make a recovery key" }).click();
  const secret = (await page.getByLabel("Your recovery key").textContent()) ?? "";
  await page.getByLabel("I have saved it").check();
  await page.getByRole("button", { name: "Add it to my identity" }).click();
  await page.getByText("The recovery key is part of your identity.").waitFor();
  expect(await page.content()).not.toContain(secret);
  await assertMoves(stage.alice.did, secret);
});
