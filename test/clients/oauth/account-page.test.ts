/** The account page by forms alone, and the effects of its changes on apps and other browsers. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemberBrowser, shown, textOf } from "../../../tools/kit/oauth/member-browser.ts";
import { PASSWORD, type Stage, appFor, connect, inviteCode, setStage, signUp } from "./stage.ts";

const SESSION = "/xrpc/com.atproto.server.getSession";

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.stop());

async function signedIn(name = "alice", password = PASSWORD): Promise<MemberBrowser> {
  const browser = new MemberBrowser(stage.host.url);
  const page = shown(await browser.open("/account"));
  const arrived = shown(
    await browser.submit(page, "sign-in", { identifier: `${name}.test`, password, remember: "yes" }),
  );
  expect(textOf(arrived)).toContain("Your account");
  return browser;
}

/** The newest code that was mailed to an address. */
async function mailedCode(to: string): Promise<string> {
  const answer = await fetch(`${stage.host.plc}/mail?to=${encodeURIComponent(to)}`);
  const [newest] = (await answer.json()) as { text: string }[];
  return /\b[A-Z2-7]{5}-[A-Z2-7]{5}\b/.exec(newest?.text ?? "")?.[0] ?? "";
}

/** Signs in like an app that asks for a password. */
async function sessionOf(identifier: string, password: string) {
  const answer = await fetch(`${stage.host.url}/xrpc/com.atproto.server.createSession`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ identifier, password }),
  });
  return {
    status: answer.status,
    ...((await answer.json()) as { did?: string; handle?: string; email?: string }),
  };
}

const ask = async (nsid: string, params: Record<string, string>) => {
  const answer = await fetch(`${stage.host.url}/xrpc/${nsid}?${new URLSearchParams(params).toString()}`);
  return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()) };
};

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
  const { handle } = await signUp(stage.host, "petra");
  expect(handle).toBe("petra.test");
  const [here, there] = [await signedIn("petra"), await signedIn("petra")];
  const page = shown(await here.open("/account/password"));
  const done = shown(await here.submit(page, "change", { password: "another good one" }));
  expect(textOf(done)).toContain("Your new password is set");
  expect(textOf(shown(await here.open("/account")))).toContain("Your account");
  expect(shown(await there.open("/account")).url.pathname).toBe("/account/sign-in");
  await signedIn("petra", "another good one");
  expect((await sessionOf("petra.test", "another good one")).status).toBe(200);
  expect((await sessionOf("petra.test", PASSWORD)).status).toBe(401);
});

test("a short password is refused, and nothing is changed", async () => {
  const browser = await signedIn();
  const page = shown(await browser.open("/account/password"));
  const refused = shown(await browser.submit(page, "change", { password: "short" }));
  expect(refused.status).toBe(400);
  await signedIn();
});

test("a forgotten password is replaced by a mailed code, whoever asks is told the same", async () => {
  await signUp(stage.host, "fritz");
  const browser = new MemberBrowser(stage.host.url);
  const start = shown(await browser.open("/account/reset"));
  const unknown = shown(await browser.submit(start, "request-reset", { email: "nobody@example.com" }));
  const known = shown(await browser.submit(start, "request-reset", { email: "fritz@example.com" }));
  expect(textOf(unknown).replace("nobody", "fritz")).toBe(textOf(known));
  const wrong = shown(
    await browser.submit(known, "reset", { code: "AAAAA-AAAAA", password: "a new password" }),
  );
  expect(textOf(wrong)).toContain("This code is not right");
  await expect.poll(() => mailedCode("fritz@example.com"), { timeout: 10_000 }).not.toBe("");
  const code = await mailedCode("fritz@example.com");
  const set = shown(await browser.submit(known, "reset", { code, password: "a new password" }));
  expect(textOf(set)).toContain("Your new password is set");
  await signedIn("fritz", "a new password");
  expect((await sessionOf("fritz.test", PASSWORD)).status).toBe(401);
  // A code works only once.
  const again = shown(await browser.submit(known, "reset", { code, password: "yet another one" }));
  expect(textOf(again)).toContain("This code is not right");
});

test("an address is confirmed, and then changed, by mailed codes", async () => {
  await signUp(stage.host, "emma");
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
  expect((await sessionOf("new@example.com", PASSWORD)).email).toBe("new@example.com");
});

test("a handle is changed, and one that is taken is not", async () => {
  await signUp(stage.host, "hanna");
  const browser = await signedIn("hanna");
  const page = shown(await browser.open("/account/handle"));
  expect(textOf(shown(await browser.submit(page, "change", { handle: "alice" })))).toContain(
    "This handle is taken",
  );
  const changed = shown(await browser.submit(page, "change", { handle: "johanna" }));
  expect(textOf(changed)).toContain("@johanna.test");
  expect((await sessionOf("johanna.test", PASSWORD)).handle).toBe("johanna.test");
  const resolved = await ask("com.atproto.identity.resolveHandle", { handle: "johanna.test" });
  expect(resolved.status).toBe(200);
  expect((await ask("com.atproto.identity.resolveHandle", { handle: "hanna.test" })).status).toBe(400);
});

test("who is signed in twice chooses, and stays who they chose", async () => {
  const browser = await signedIn("alice");
  await signUp(stage.host, "bruno");
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
  await stage.host.query("DIRECTORY", "UPDATE oauth_device_account SET signed_in_at = ?", past);
  const response = await browser.fetch("/account/password");
  expect(response.headers.get("location")).toContain("again=alice.test");
});

test("a member takes a break, and comes back", async () => {
  const { did } = await signUp(stage.host, "karla");
  const browser = await signedIn("karla");
  const page = shown(await browser.open("/account/leave"));
  const off = shown(await browser.submit(page, "deactivate"));
  expect(textOf(off)).toContain("switched off");
  const status = await fetch(`${stage.host.url}/xrpc/com.atproto.sync.getRepoStatus?did=${did}`);
  expect(await status.json()).toMatchObject({ active: false, status: "deactivated" });
  expect(textOf(shown(await browser.submit(off, "activate")))).toContain("switched on");
});

test("a member leaves for good, and nothing of their signing in stays", async () => {
  const { did } = await signUp(stage.host, "zora");
  const browser = await signedIn("zora");
  const page = shown(await browser.open("/account/leave"));
  const asked = shown(await browser.submit(page, "request-delete"));
  expect(shown(await browser.submit(asked, "delete", { code: "AAAAA-AAAAA" })).status).toBe(400);
  const gone = await browser.submit(asked, "delete", { code: await mailedCode("zora@example.com") });
  expect(textOf(shown(gone))).toContain("Your account is deleted");
  expect(shown(await browser.open("/account")).url.pathname).toBe("/account/sign-in");
  expect((await sessionOf("zora.test", PASSWORD)).status).toBe(401);
  expect((await ask("com.atproto.sync.getRepo", { did })).status).toBe(400);
  expect(
    await stage.host.query("DIRECTORY", "SELECT * FROM oauth_device_account WHERE did = ?", did),
  ).toEqual([]);
});

test("an invite link names who invites, fills in its code, and leads to what comes next", async () => {
  const invited = await setStage({ REGISTRATION: "invite" });
  const { host } = invited;
  const browser = new MemberBrowser(host.url);
  const [{ did = "" } = {}] = await host.query(
    "DIRECTORY",
    "SELECT did FROM account WHERE handle = 'alice.test'",
  );
  const code = await inviteCode(host, String(did));
  const door = shown(await browser.open("/", { headers: { accept: "text/html" } }));
  expect(textOf(door)).toContain("New members come by invitation");
  const page = shown(await browser.open(`/join/${code}`));
  expect(page.status).toBe(200);
  expect(page.html).toContain(`value="${code}"`);
  expect(textOf(page)).toContain("Invited by A @alice.test");
  const newcomer = { handle: "ida", email: "ida@example.com", password: "eight letters" };
  expect(shown(await browser.submit(page, "sign-up", { ...newcomer, inviteCode: "" })).status).toBe(400);
  const joined = shown(await browser.submit(page, "sign-up", { ...newcomer, inviteCode: code }));
  expect(joined.url.pathname).toBe("/account/welcome");
  expect(textOf(joined)).toContain("@ida.test");
  // The page names the app, the provider, and what to type there.
  expect(joined.html).toContain('href="https://bsky.app/"');
  expect(textOf(joined)).toContain("Hosting provider");
  expect(joined.html).toContain(`<code>${host.url}</code>`);
  const late = shown(await new MemberBrowser(host.url).open(`/join/${code}`));
  expect(textOf(late)).toContain("This invite was used up");
  const made = shown(await new MemberBrowser(host.url).open("/join/made-up"));
  expect(textOf(made)).toContain("This invite was used up, or never was one");
  await invited.stop();
});

test("an app password lets an app in until it is revoked, and opens no page", async () => {
  await signUp(stage.host, "anton");
  const browser = await signedIn("anton");
  const page = shown(await browser.open("/account/app-passwords"));
  const made = shown(await browser.submit(page, "create", { name: "Old phone" }));
  const password = /[a-z2-7]{4}(-[a-z2-7]{4}){3}/.exec(textOf(made))?.[0] ?? "";
  expect((await sessionOf("anton.test", password)).status).toBe(200);
  const own = new MemberBrowser(stage.host.url);
  const refused = await own.submit(shown(await own.open("/account")), "sign-in", {
    identifier: "anton.test",
    password,
  });
  expect(textOf(shown(refused))).toContain("not an app password");
  expect(textOf(shown(await browser.submit(made, "revoke")))).toContain("The app password is revoked");
  expect((await sessionOf("anton.test", password)).status).toBe(401);
});

test("signing out of another browser, and of everything, ends what it says", async () => {
  await signUp(stage.host, "olaf");
  const [here, there] = [await signedIn("olaf"), await signedIn("olaf")];
  const list = shown(await here.open("/account/browsers"));
  const ids = [...list.html.matchAll(/name="browser" value="([^"]+)"/g)].map(([, id = ""]) => id);
  const other = ids.find((id) => !here.cookies().includes(id)) ?? "";
  shown(await here.submit(list, "sign-out-browser", { browser: other }));
  expect(shown(await there.open("/account")).url.pathname).toBe("/account/sign-in");
  expect(shown(await here.open("/account")).url.pathname).toBe("/account");
  shown(await here.submit(list, "sign-out-everywhere"));
  expect(shown(await here.open("/account")).url.pathname).toBe("/account/sign-in");
});

test("the backup is the whole repo", async () => {
  const browser = await signedIn();
  const page = shown(await browser.open("/account/backup"));
  expect(page.html).toContain('href="/account/backup.car"');
  expect(page.html).toContain('href="/account/backup.tar?part=1"');
  const response = await browser.fetch("/account/backup.car", { headers: { "sec-fetch-dest": "empty" } });
  expect(response.headers.get("content-type")).toBe("application/vnd.ipld.car");
  expect(response.headers.get("content-disposition")).toBe('attachment; filename="alice.test.car"');
  const repo = await ask("com.atproto.sync.getRepo", { did: stage.alice.did });
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(repo.bytes);
  const stranger = await new MemberBrowser(stage.host.url).fetch("/account/backup.car");
  expect(stranger.status).toBe(303);
});

test("who does not stay signed in is forgotten with the browser's session, and within the hour", async () => {
  await signUp(stage.host, "gast");
  const browser = new MemberBrowser(stage.host.url);
  const page = shown(await browser.open("/account"));
  const own = shown(await browser.submit(page, "sign-in", { identifier: "gast.test", password: PASSWORD }));
  expect(textOf(own)).toContain("Your account");
  const closed = browser.cookies().replace(/;? ?atoll-once=[^;]*/, "");
  const later = await new MemberBrowser(stage.host.url).fetch("/account", { headers: { cookie: closed } });
  expect(later.headers.get("location")).toContain("/account/sign-in");
  const sql = "UPDATE oauth_device_account SET signed_in_at = signed_in_at - 3700000 WHERE remembered = 0";
  await stage.host.query("DIRECTORY", sql);
  expect(shown(await browser.open("/account")).url.pathname).toBe("/account/sign-in");
});
