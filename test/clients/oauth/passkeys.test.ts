/** Passkeys over HTTP: what opens an account, and what must not. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authenticator, type Deviation } from "./authenticator.ts";
import {
  MemberBrowser,
  type Page,
  departed,
  shown,
  textOf,
} from "../../../tools/kit/oauth/member-browser.ts";
import { RawApp } from "./raw-app.ts";
import { PASSWORD, type Stage, setStage, signUp } from "./stage.ts";

let stage: Stage;
/** Alice's own passkey. */
let key: Authenticator;
beforeAll(async () => {
  stage = await setStage();
  key = new Authenticator(stage.host.url);
  expect(textOf(await add(await signedIn("alice"), key))).toContain("The passkey is added");
});
afterAll(() => stage?.stop());

const newBrowser = () => new MemberBrowser(stage.host.url);
const OPENS_NOTHING = "This passkey does not open an account here";

async function signedIn(name: string): Promise<MemberBrowser> {
  const browser = newBrowser();
  const page = shown(await browser.open("/account/sign-in"));
  const fields = { identifier: `${name}.test`, password: PASSWORD, remember: "yes" };
  shown(await browser.submit(page, "sign-in", fields));
  return browser;
}

const csrfOf = ({ html }: Page) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? "";

/** The options that the page's script requests. */
async function options(browser: MemberBrowser, page: Page, kind: "sign-in" | "add") {
  const response = await browser.fetch(`/account/passkey/${kind}`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "sec-fetch-mode": "cors",
      "sec-fetch-dest": "empty",
    },
    body: new URLSearchParams({ csrf: csrfOf(page) }).toString(),
  });
  return { status: response.status, ...((await response.json()) as { challenge: string }) };
}

async function add(
  browser: MemberBrowser,
  authenticator: Authenticator,
  deviation: Deviation = {},
): Promise<Page> {
  const page = shown(await browser.open("/account/passkeys"));
  const passkey = authenticator.create(await options(browser, page, "add"), deviation);
  return shown(await browser.submit(page, "add", { name: "Mine", passkey }));
}

/** Signs in by passkey; `answer` replaces the right one. */
async function enter(
  browser = newBrowser(),
  answer?: (challenge: { challenge: string }) => string,
): Promise<Page> {
  const page = shown(await browser.open("/account/sign-in"));
  const asked = await options(browser, page, "sign-in");
  const passkey = answer === undefined ? key.get(asked) : answer(asked);
  return shown(await browser.submit(page, "sign-in", { step: "passkey", passkey, remember: "yes" }));
}

test("a passkey opens its account, and the way to an app", async () => {
  expect(textOf(await enter())).toContain("@alice.test");
  const app = await RawApp.of(stage.host.url);
  const browser = newBrowser();
  const page = shown(await browser.open(await app.pushed()));
  const passkey = key.get(await options(browser, page, "sign-in"));
  const consent = shown(await browser.submit(page, "sign-in", { step: "passkey", passkey }));
  const back = departed(await browser.submit(consent, "consent", { answer: "allow" }));
  expect((await app.exchange(back.searchParams.get("code") ?? "")).status).toBe(200);
});

test("an answer counts once", async () => {
  const browser = newBrowser();
  let sent = "";
  expect(textOf(await enter(browser, (asked) => (sent = key.get(asked))))).toContain("@alice.test");
  expect(textOf(await enter(browser, () => sent))).toContain(OPENS_NOTHING);
});

test("an answer to another browser's question counts for nothing", async () => {
  const other = newBrowser();
  const question = await options(other, shown(await other.open("/account/sign-in")), "sign-in");
  expect(textOf(await enter(newBrowser(), () => key.get(question)))).toContain(OPENS_NOTHING);
});

test("a question that was asked for another purpose, or made up, is none", async () => {
  const browser = await signedIn("alice");
  const question = await options(browser, shown(await browser.open("/account/passkeys")), "add");
  expect(textOf(await enter(browser, () => key.get(question)))).toContain(OPENS_NOTHING);
  const madeUp = { challenge: Buffer.from(`${Date.now() + 60_000}.abc.def`).toString("base64url") };
  expect(textOf(await enter(newBrowser(), () => key.get(madeUp)))).toContain(OPENS_NOTHING);
});

test.each<[what: string, deviation: Deviation]>([
  ["given to a page of another origin", { origin: "https://evil.example" }],
  ["made for another host", { rpId: "evil.example" }],
  ["of somebody who was not asked who they are", { verified: false }],
  ["meant for adding a passkey", { type: "webauthn.create" }],
  ["of a copy of the authenticator, which counts from the start", { counter: 1 }],
])("an answer %s opens nothing", async (_what, deviation) => {
  expect(textOf(await enter(newBrowser(), (asked) => key.get(asked, deviation)))).toContain(OPENS_NOTHING);
});

/** The order of P-256, as a positive integer in DER. */
const ORDER = "00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

test.each([
  ["nothing", ""],
  ["zero and zero", "3006020100020100"],
  ["zero and one", "3006020100020101"],
  ["one and one", "3006020101020101"],
  ["less than nothing", "30060201ff0201ff"],
  ["the order of the curve", `30460221${ORDER}0221${ORDER}`],
  ["one integer", "3003020101"],
  ["the two integers bare", "01".repeat(64)],
])("a signature of %s opens nothing", async (_what, hex) => {
  const signature = Buffer.from(hex, "hex");
  expect(textOf(await enter(newBrowser(), (asked) => key.get(asked, { signature })))).toContain(
    OPENS_NOTHING,
  );
});

/** The statement of an attestation in CBOR: ES256, a signature of one byte, and a certificate of one, or none. */
const statement = (certified: boolean): Buffer =>
  Buffer.concat([
    Buffer.from([certified ? 0xa3 : 0xa2]),
    Buffer.from("\x63alg\x26\x63sig\x41\x00", "latin1"),
    certified ? Buffer.from("\x63x5c\x81\x41\x30", "latin1") : Buffer.alloc(0),
  ]);

test.each([
  ["packed", true],
  ["packed", false],
  ["none", true],
  ...["fido-u2f", "android-key", "android-safetynet", "tpm", "apple", "made-up"].map(
    (format) => [format, true] as const,
  ),
] as const)(
  "an attestation %s (with a certificate: %s) is not taken for a proof",
  async (format, certified) => {
    const attestation = { format, statement: statement(certified) };
    const page = await add(await signedIn("alice"), new Authenticator(stage.host.url), { attestation });
    expect(textOf(page)).toContain("could not be added");
  },
);

test("another key's answer in the name of a known one opens nothing", async () => {
  const other = new Authenticator(stage.host.url);
  const forged = (asked: { challenge: string }) => other.get(asked).replaceAll(other.id, key.id);
  expect(textOf(await enter(newBrowser(), forged))).toContain(OPENS_NOTHING);
  expect(textOf(await enter(newBrowser(), () => "{}"))).toContain(OPENS_NOTHING);
  expect(textOf(await enter(newBrowser(), () => "no JSON"))).toContain(OPENS_NOTHING);
});

test.each<[what: string, deviation: Deviation]>([
  ["made on a page of another origin", { origin: "https://evil.example" }],
  ["made for another host", { rpId: "evil.example" }],
  ["of somebody who was not asked who they are", { verified: false }],
])("a passkey %s is not added", async (_what, deviation) => {
  const page = await add(await signedIn("alice"), new Authenticator(stage.host.url), deviation);
  expect(textOf(page)).toContain("could not be added");
});

test("nobody adds a passkey who has not shown just now that it is them, and nobody removes another's", async () => {
  await signUp(stage.host, "mallory");
  const mallory = await signedIn("mallory");
  const list = shown(await mallory.open("/account/passkeys"));
  // This passkey is already registered, by another member.
  expect(textOf(await add(mallory, key))).toContain("could not be added");
  await add(mallory, new Authenticator(stage.host.url));
  const own = shown(await mallory.open("/account/passkeys"));
  shown(await mallory.submit(own, "remove", { id: key.id }));
  expect(textOf(await enter())).toContain("@alice.test");
  const past = Date.now() - 60 * 60_000;
  await stage.host.query("DIRECTORY", "UPDATE oauth_device_account SET signed_in_at = ?", past);
  expect((await options(mallory, list, "add")).status).toBe(403);
});
