/**
 * A member's life in a client (`client-session.test.ts`), from sign-up to deleting the account: the settings
 * page, a forgotten password, a pause, a takedown and its appeal.
 */
import { AtpAgent } from "@atproto/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNetwork, createTestNetwork } from "../../tools/kit/index.ts";
import { Browser } from "./client/browser.ts";
import { type ClientMember, appviewOf, openClient } from "./client/member.ts";

let network: TestNetwork;
let browser: Browser;
let nora: AtpAgent;
let ada: ClientMember;

beforeAll(async () => {
  network = await createTestNetwork({
    platform: "free",
    seed: {
      accounts: [{ name: "ada" }, { name: "ben" }],
      follows: { ada: ["ben"], ben: ["ada"] },
      posts: [{ by: "ada", text: "Good evening" }],
    },
  });
  ada = await openClient(network, "ada");
  browser = new Browser();
  nora = newAgent();
}, 60_000);
afterAll(() => network.dispose());

const newAgent = () => new AtpAgent({ service: network.url, fetch: browser.fetch });
const LABELER = "did:web:labels.example.com";
const EMAIL = "nora@mail.example.com";
const PASSWORD = "Nora's first password";

const codeFor = async (to: string) => {
  const mail = await network.mailbox().next((one) => one.to === to && one.code !== null);
  await network.mailbox().clear();
  return mail.code ?? "";
};
const admin = (nsid: string, input: object) => network.host().admin(nsid, { input });
const seenByAda = (actor: string) => ada.agent.getProfile({ actor });

test("signs up, and is told in words what is wrong with a name", async () => {
  const { data: host } = await nora.com.atproto.server.describeServer();
  expect(host).toMatchObject({ availableUserDomains: [".test"], inviteCodeRequired: false });
  const wanted = { email: EMAIL, password: PASSWORD };
  await expect(nora.createAccount({ ...wanted, handle: "ada.test" })).rejects.toThrow(
    "Handle already taken: ada.test",
  );
  await expect(nora.createAccount({ ...wanted, handle: "n.test" })).rejects.toMatchObject({
    error: "InvalidHandle",
  });
  await expect(nora.createAccount({ ...wanted, handle: "nora.example.com" })).rejects.toMatchObject({
    status: 400,
  });
  await nora.createAccount({ ...wanted, handle: "Nora.test" });
  expect(nora.session).toMatchObject({
    handle: "nora.test",
    email: EMAIL,
    emailConfirmed: false,
    active: true,
  });
  nora.configureProxy(appviewOf(network));
});

test("says who she is, and follows whom she is shown", async () => {
  await nora.upsertProfile(() => ({ displayName: "Nora", createdAt: new Date().toISOString() }));
  await nora.setPersonalDetails({ birthDate: "1990-05-04T00:00:00.000Z" });
  await nora.overwriteSavedFeeds([{ id: "a", type: "timeline", value: "following", pinned: true }]);
  const { data } = await nora.app.bsky.unspecced.getSuggestedOnboardingUsers({ limit: 10 });
  const dids = data.actors.map(({ did }) => did);
  expect(dids).toContain(ada.did);
  await nora.com.atproto.repo.applyWrites({
    repo: nora.assertDid,
    writes: dids.map((subject) => ({
      $type: "com.atproto.repo.applyWrites#create" as const,
      collection: "app.bsky.graph.follow",
      value: { $type: "app.bsky.graph.follow", subject, createdAt: new Date().toISOString() },
    })),
  });
  const { data: timeline } = await nora.getTimeline({ limit: 30 });
  expect(timeline.feed.map(({ post }) => post.author.handle)).toContain("ada.test");
  expect((await seenByAda("nora.test")).data).toMatchObject({
    displayName: "Nora",
    viewer: { followedBy: expect.any(String) },
  });
});

test("confirms her address, changes it, and changes her name", async () => {
  const { server, identity } = nora.com.atproto;
  await server.requestEmailConfirmation();
  await server.confirmEmail({ email: EMAIL, token: await codeFor(EMAIL) });
  expect((await server.getSession()).data).toMatchObject({ emailConfirmed: true });
  expect((await server.requestEmailUpdate()).data).toEqual({ tokenRequired: true });
  const email = "nora@new.example.com";
  await expect(server.updateEmail({ email })).rejects.toMatchObject({ error: "TokenRequired" });
  await server.updateEmail({ email, token: await codeFor(EMAIL) });
  expect((await server.getSession()).data).toMatchObject({ email, emailConfirmed: false });
  await identity.updateHandle({ handle: "nora-two.test" });
  expect((await server.getSession()).data.handle).toBe("nora-two.test");
  expect((await seenByAda(nora.assertDid)).data.handle).toBe("nora-two.test");
  await expect(seenByAda("nora.test")).rejects.toMatchObject({ status: 400 });
  await nora.sessionManager.refreshSession();
  expect(nora.session).toMatchObject({ handle: "nora-two.test", email });
});

test("forgets her password, and comes back with another", async () => {
  const email = "nora@new.example.com";
  await nora.logout();
  nora = newAgent();
  await expect(nora.login({ identifier: "nora-two.test", password: "what was it" })).rejects.toMatchObject({
    status: 401,
  });
  await nora.com.atproto.server.requestPasswordReset({ email });
  const password = "Nora's second password";
  await nora.com.atproto.server.resetPassword({ token: await codeFor(email), password });
  await nora.login({ identifier: "@nora-two.test".slice(1), password });
  await nora.login({ identifier: email.toUpperCase(), password });
  nora.configureProxy(appviewOf(network));
  expect(nora.session?.active).toBe(true);
});

test("pauses: she is let in and told so, others find nobody; and is back at once", async () => {
  const { server } = nora.com.atproto;
  const { did = "" } = nora;
  await server.deactivateAccount({});
  const { session } = nora;
  if (session === undefined) throw new Error("no session");
  await nora.resumeSession(session);
  expect(nora.session).toMatchObject({ active: false, status: "deactivated" });
  await expect(seenByAda(did)).rejects.toMatchObject({ status: 400, error: "AccountDeactivated" });
  await server.activateAccount();
  await nora.resumeSession(nora.session ?? session);
  expect(nora.session?.active).toBe(true);
  expect((await seenByAda(did)).data.handle).toBe("nora-two.test");
});

test("is taken down, and appeals to a labeler elsewhere", async () => {
  const { did = "" } = nora;
  const subject = { $type: "com.atproto.admin.defs#repoRef" as const, did };
  const takedown = (applied: boolean) =>
    admin("com.atproto.admin.updateSubjectStatus", { subject, takedown: { applied } });
  await takedown(true);
  await expect(seenByAda(did)).rejects.toMatchObject({ status: 400, error: "AccountTakedown" });
  const login = { identifier: "nora-two.test", password: "Nora's second password" };
  await expect(newAgent().login(login)).rejects.toMatchObject({ status: 401, error: "AccountTakedown" });
  nora = newAgent();
  await nora.login({ ...login, allowTakendown: true });
  expect(nora.session).toMatchObject({ active: false, status: "takendown" });

  network.fetches.answer("https://labels.example.com/.well-known/did.json", {
    id: LABELER,
    service: [
      { id: "#atproto_labeler", type: "AtprotoLabeler", serviceEndpoint: "https://labels.example.com" },
    ],
  });
  const reasonType = "com.atproto.moderation.defs#reasonAppeal";
  const report = { reasonType, subject, reason: "It was not me" };
  const kept = { ...report, id: 7, reportedBy: did, createdAt: new Date().toISOString() };
  network.fetches.answer("https://labels.example.com/xrpc/com.atproto.moderation.createReport", kept);
  const headers = { "atproto-proxy": `${LABELER}#atproto_labeler` };
  const { data } = await nora.createModerationReport(report, { headers, encoding: "application/json" });
  expect(data).toMatchObject({ id: 7, reportedBy: did });
  const sent = await network.fetches.next(/createReport$/);
  const claims = Buffer.from(sent.headers.authorization?.split(".")[1] ?? "", "base64url").toString();
  expect(JSON.parse(claims)).toMatchObject({
    iss: did,
    aud: LABELER,
    lxm: "com.atproto.moderation.createReport",
  });
  expect(JSON.parse(sent.body)).toEqual(report);
  // Such a session permits nothing else.
  await expect(nora.post({ text: "Still here" })).rejects.toMatchObject({
    status: 400,
    error: "InvalidToken",
  });
  await takedown(false);
  nora = newAgent();
  await nora.login(login);
  nora.configureProxy(appviewOf(network));
  expect(nora.session?.active).toBe(true);
});

test("leaves for good", async () => {
  const { server } = nora.com.atproto;
  const { did = "" } = nora;
  await server.requestAccountDelete();
  const token = await codeFor("nora@new.example.com");
  await server.deleteAccount({ did, password: "Nora's second password", token });
  await nora.logout();
  await expect(seenByAda(did)).rejects.toMatchObject({ status: 400 });
  await expect(ada.agent.resolveHandle({ handle: "nora-two.test" })).rejects.toMatchObject({ status: 400 });
  expect(browser.since().filter(({ problem }) => problem !== null)).toEqual([]);
  expect(browser.since().filter(({ status }) => status >= 500)).toEqual([]);
  expect(browser.exchanges.at(-1)).toMatchObject({ nsid: "com.atproto.server.deleteSession", status: 200 });
});
