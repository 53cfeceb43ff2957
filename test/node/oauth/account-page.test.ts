/** The account page by forms alone, and what its changes do to apps and other browsers. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestNetwork } from "../../../local/testing/index.ts";
import { MemberBrowser, isPage, shown, textOf } from "./member-browser.ts";
import { PASSWORD, type Stage, appFor, connect, setStage, signUp } from "./stage.ts";

const SESSION = "/xrpc/com.atproto.server.getSession";

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.stop());

async function signedIn(name = "alice", password = PASSWORD): Promise<MemberBrowser> {
  const browser = new MemberBrowser(stage.network.url);
  const page = shown(await browser.open("/account"));
  const arrived = shown(
    await browser.submit(page, "sign-in", { identifier: `${name}.test`, password, remember: "yes" }),
  );
  expect(textOf(arrived)).toContain("Your account");
  return browser;
}

/** The newest code that was mailed to somebody. */
async function mailedCode(to: string): Promise<string> {
  const answer = await fetch(`${stage.network.plc}/mail?to=${encodeURIComponent(to)}`);
  const [newest] = (await answer.json()) as { text: string }[];
  return /\b[A-Z2-7]{5}-[A-Z2-7]{5}\b/.exec(newest?.text ?? "")?.[0] ?? "";
}

test("an app that was disconnected has to ask again", async () => {
  const app = await appFor(stage, "atproto", "confidential");
  const { session, browser } = await connect(stage, app);
  const page = shown(await browser.open("/account/apps"));
  expect(textOf(page)).toContain("Tide Table");
  expect(textOf(page)).toContain("Know who you are");
  shown(await browser.submit(page, "disconnect"));
  const refused = await session.fetchHandler(SESSION).catch(() => null);
  expect(refused?.status ?? 401).toBe(401);
  const again = await browser.open(await app.client.authorize(stage.alice.handle));
  expect(textOf(shown(again))).toContain("use your account?");
});

test("a new password ends the sessions of apps and other browsers, and of this one nothing", async () => {
  const { handle } = await signUp(stage, "petra");
  expect(handle).toBe("petra.test");
  const [here, there] = [await signedIn("petra"), await signedIn("petra")];
  const page = shown(await here.open("/account/password"));
  const done = shown(await here.submit(page, "change", { password: "another good one" }));
  expect(textOf(done)).toContain("Your new password is set");
  expect(textOf(shown(await here.open("/account")))).toContain("Your account");
  expect(shown(await there.open("/account")).url.pathname).toBe("/account/sign-in");
  await signedIn("petra", "another good one");
});

test("a short password is refused, and nothing is changed", async () => {
  const browser = await signedIn();
  const page = shown(await browser.open("/account/password"));
  const refused = shown(await browser.submit(page, "change", { password: "short" }));
  expect(refused.status).toBe(400);
  await signedIn();
});

test("a forgotten password is replaced by a mailed code, whoever asks is told the same", async () => {
  await signUp(stage, "fritz");
  const browser = new MemberBrowser(stage.network.url);
  const start = shown(await browser.open("/account/reset"));
  const unknown = shown(await browser.submit(start, "request-reset", { email: "nobody@example.com" }));
  const known = shown(await browser.submit(start, "request-reset", { email: "fritz@example.com" }));
  expect(textOf(unknown).replace("nobody", "fritz")).toBe(textOf(known));
  const wrong = shown(
    await browser.submit(known, "reset", { code: "AAAAA-AAAAA", password: "a new password" }),
  );
  expect(textOf(wrong)).toContain("This code is not right");
  const code = await mailedCode("fritz@example.com");
  shown(await browser.submit(known, "reset", { code, password: "a new password" }));
  await signedIn("fritz", "a new password");
});

test("an address is confirmed, and then changed, by mailed codes", async () => {
  await signUp(stage, "emma");
  const browser = await signedIn("emma");
  const page = shown(await browser.open("/account/email"));
  const asked = shown(await browser.submit(page, "request-confirm"));
  const confirmed = shown(
    await browser.submit(asked, "confirm", { code: await mailedCode("emma@example.com") }),
  );
  expect(textOf(confirmed)).toContain("is confirmed");
  const changing = shown(await browser.submit(confirmed, "request-change", { email: "new@example.com" }));
  expect(textOf(changing)).toContain("Code from the mail");
  const code = await mailedCode("emma@example.com");
  const taken = shown(await browser.submit(changing, "change", { email: "alice@example.com", code }));
  expect(taken.status).toBe(400);
  const changed = shown(await browser.submit(taken, "change", { email: "new@example.com", code }));
  expect(textOf(changed)).toContain("Your e-mail address is changed");
});

test("a handle is changed, and one that is taken is not", async () => {
  await signUp(stage, "hanna");
  const browser = await signedIn("hanna");
  const page = shown(await browser.open("/account/handle"));
  expect(textOf(shown(await browser.submit(page, "change", { handle: "alice" })))).toContain(
    "This handle is taken",
  );
  const changed = shown(await browser.submit(page, "change", { handle: "johanna" }));
  expect(textOf(changed)).toContain("@johanna.test");
});

test("who is signed in twice chooses, and stays who they chose", async () => {
  const browser = await signedIn("alice");
  await signUp(stage, "bruno");
  const page = shown(await browser.open("/account/sign-in"));
  const bruno = shown(
    await browser.submit(page, "sign-in", { identifier: "bruno.test", password: PASSWORD, remember: "yes" }),
  );
  expect(textOf(bruno)).toContain("@bruno.test");
  const choice = shown(await browser.open("/account"));
  expect(textOf(choice)).toContain("Choose an account");
  expect(textOf(shown(await browser.open(bruno.url)))).toContain("@bruno.test");
});

test("a change that matters asks once more who it is, when the sign-in is a while ago", async () => {
  const browser = await signedIn();
  const past = Date.now() - 60 * 60_000;
  await stage.network.host().query("DIRECTORY", "UPDATE oauth_device_account SET signed_in_at = ?", past);
  const response = await browser.fetch("/account/password");
  expect(response.headers.get("location")).toContain("again=alice.test");
});

test("a member takes a break, and comes back", async () => {
  const { did } = await signUp(stage, "karla");
  const browser = await signedIn("karla");
  const page = shown(await browser.open("/account/leave"));
  const off = shown(await browser.submit(page, "deactivate"));
  expect(textOf(off)).toContain("switched off");
  const status = await fetch(`${stage.network.url}/xrpc/com.atproto.sync.getRepoStatus?did=${did}`);
  expect(await status.json()).toMatchObject({ active: false, status: "deactivated" });
  expect(textOf(shown(await browser.submit(off, "activate")))).toContain("switched on");
});

test("a member leaves for good, and nothing of their signing in stays", async () => {
  const { did } = await signUp(stage, "zora");
  const browser = await signedIn("zora");
  const page = shown(await browser.open("/account/leave"));
  const asked = shown(await browser.submit(page, "request-delete"));
  expect(shown(await browser.submit(asked, "delete", { code: "AAAAA-AAAAA" })).status).toBe(400);
  const gone = await browser.submit(asked, "delete", { code: await mailedCode("zora@example.com") });
  expect(isPage(gone) && gone.url.pathname).toBe("/account/sign-in");
  expect(
    await stage.network.host().query("DIRECTORY", "SELECT * FROM oauth_device_account WHERE did = ?", did),
  ).toEqual([]);
});

test("an invite link fills in its code, which is needed", async () => {
  await using network = await createTestNetwork({ vars: { REGISTRATION: "invite" } });
  const made = await network.host().admin("com.atproto.server.createInviteCode", { input: { useCount: 1 } });
  const { code } = made as { code: string };
  const browser = new MemberBrowser(network.url);
  const page = shown(await browser.open(`/join/${code}`));
  expect(page.html).toContain(`value="${code}"`);
  const newcomer = { handle: "ida", email: "ida@example.com", password: "eight letters" };
  expect(shown(await browser.submit(page, "sign-up", { ...newcomer, inviteCode: "" })).status).toBe(400);
  const joined = shown(await browser.submit(page, "sign-up", { ...newcomer, inviteCode: code }));
  expect(textOf(joined)).toContain("@ida.test");
});

test("the backup is the whole repo", async () => {
  const browser = await signedIn();
  const response = await browser.fetch("/account/backup.car", { headers: { "sec-fetch-dest": "empty" } });
  expect(response.headers.get("content-type")).toBe("application/vnd.ipld.car");
  expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
  const stranger = await new MemberBrowser(stage.network.url).fetch("/account/backup.car");
  expect(stranger.status).toBe(303);
});

test("who does not stay signed in is forgotten with the browser's session, and within the hour", async () => {
  await signUp(stage, "gast");
  const browser = new MemberBrowser(stage.network.url);
  const page = shown(await browser.open("/account"));
  const own = shown(await browser.submit(page, "sign-in", { identifier: "gast.test", password: PASSWORD }));
  expect(textOf(own)).toContain("Your account");
  const closed = browser.cookies().replace(/;? ?atoll-once=[^;]*/, "");
  const later = await new MemberBrowser(stage.network.url).fetch("/account", { headers: { cookie: closed } });
  expect(later.headers.get("location")).toContain("/account/sign-in");
  const sql = "UPDATE oauth_device_account SET signed_in_at = signed_in_at - 3700000 WHERE remembered = 0";
  await stage.network.host().query("DIRECTORY", sql);
  expect(shown(await browser.open("/account")).url.pathname).toBe("/account/sign-in");
});
