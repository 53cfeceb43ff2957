/** What goes to an AppView elsewhere and to other services, in whose name, and what comes back. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { basic, xrpc } from "../../../tools/dev/xrpc-client.ts";
import { MemberBrowser, departed } from "../../../tools/kit/oauth/member-browser.ts";
import { RawApp } from "../../clients/oauth/raw-app.ts";
import { signInAt } from "../../clients/oauth/stage.ts";
import { type StandIn, startStandIn } from "./stand-in.ts";
import {
  Member,
  PASSWORD,
  type Stage,
  type View,
  ask,
  postView,
  setStage,
  stranger,
  textsOf,
} from "./stage.ts";

const TIMELINE = "app.bsky.feed.getTimeline";
const REPORT = "com.atproto.moderation.createReport";

let stage: Stage;
let other: StandIn;
let ann: Member;
beforeAll(async () => {
  other = await startStandIn(["#bsky_appview", "#bsky_notif", "#atproto_labeler"]);
  stage = await setStage({ MOD_SERVICE: other.did, ADMIN_PASSWORD: "admin-password" });
  ann = await Member.join(stage, "alice");
});
afterAll(async () => {
  await stage?.stop();
  await other?.stop();
});
beforeEach(() => {
  stage.appview.reset();
  other.reset();
  stage.appview.on(TIMELINE, () => ann.knowing({ feed: [{ post: postView("old", stranger, 5) }] }));
});

const heard = (service: StandIn) => service.heard.map(({ nsid }) => nsid);

describe("in whose name", () => {
  test.each([
    [TIMELINE, "GET"],
    ["app.bsky.actor.getProfile", "GET"],
    ["app.bsky.feed.getPostThread", "GET"],
    ["app.bsky.unspecced.getConfig", "GET"],
    ["app.bsky.graph.muteActor", "POST"],
    ["com.example.unknown", "GET"],
  ])("nobody's %s is refused, and asked nowhere", async (nsid, method) => {
    const { status, body } = await ask(stage.host.origin, nsid, { actor: ann.did }, { method });
    expect([status, body.error]).toEqual([401, "AuthMissing"]);
    const bad = await ask(stage.host.origin, nsid, {}, { method, headers: { authorization: "Bearer x" } });
    expect([bad.status, bad.body.error]).toEqual([400, "InvalidToken"]);
    expect(stage.appview.heard).toEqual([]);
  });

  test("an app password's timeline is completed as the owner's", async () => {
    const { body: made } = await ann.do("com.atproto.server.createAppPassword", { name: "app" });
    const session = (await xrpc(stage.host.origin, "com.atproto.server.createSession", {
      input: { identifier: ann.did, password: made.password },
    })) as { accessJwt: string };
    await ann.post("by hand");
    const init = { headers: { authorization: `Bearer ${session.accessJwt}` } };
    const { body } = await ask(stage.host.origin, TIMELINE, {}, init);
    expect(textsOf(body.feed)).toContain("by hand");
    expect(stage.appview.heard[0]?.claims).toMatchObject({
      iss: ann.did,
      aud: stage.appview.did,
      lxm: TIMELINE,
    });
  });

  /** A token of an app to which alice granted `scope`. */
  async function allowedTo(scope: string): Promise<{ app: RawApp; access: string }> {
    const app = await RawApp.of(stage.host.origin, scope);
    const browser = new MemberBrowser(stage.host.origin);
    const consent = await signInAt(browser, await app.pushed({ scope }));
    const back = departed(await browser.submit(consent, "consent", { answer: "allow" }));
    const { body } = await app.exchange(back.searchParams.get("code") ?? "");
    return { app, access: String(body.access_token) };
  }

  test("an app that may read the timeline at that AppView gets it completed; another app is refused", async () => {
    const aud = encodeURIComponent(`${stage.appview.did}#bsky_appview`);
    const { app, access } = await allowedTo(`atproto rpc:${TIMELINE}?aud=${aud}`);
    const { uri } = await ann.post("for the app");
    const { status, body } = await app.get(`/xrpc/${TIMELINE}`, access);
    expect(status).toBe(200);
    expect((body.feed as View[]).map(({ post }) => post.uri)).toContain(uri);
    stage.appview.reset();
    const refused = await app.get("/xrpc/app.bsky.actor.getProfile?actor=x", access);
    expect([refused.status, refused.body.error]).toEqual([403, "ScopeMissingError"]);
    const without = await allowedTo("atproto");
    expect((await without.app.get(`/xrpc/${TIMELINE}`, without.access)).status).toBe(403);
    expect(stage.appview.heard).toEqual([]);
  });

  test("a taken-down member reads nothing, but their appeal goes to the labeler that they name", async () => {
    const bob = await Member.join(stage);
    const { origin } = stage.host;
    await xrpc(origin, "com.atproto.admin.updateSubjectStatus", {
      input: {
        subject: { $type: "com.atproto.admin.defs#repoRef", did: bob.did },
        takedown: { applied: true },
      },
      authorization: basic("admin", "admin-password"),
    });
    const session = (await xrpc(origin, "com.atproto.server.createSession", {
      input: { identifier: bob.did, password: PASSWORD, allowTakendown: true },
    })) as { accessJwt: string };
    const authorization = `Bearer ${session.accessJwt}`;
    const refused = await ask(origin, TIMELINE, {}, { headers: { authorization } });
    expect([refused.status, refused.body.error]).toEqual([400, "InvalidToken"]);
    expect(stage.appview.heard).toEqual([]);
    other.on(REPORT, () => ({ body: { id: 1 } }));
    const labeler = { "atproto-proxy": `${other.did}#atproto_labeler` };
    const appeal = await ask(
      origin,
      REPORT,
      {},
      {
        method: "POST",
        headers: { authorization, "content-type": "application/json", ...labeler },
        body: JSON.stringify({ reasonType: "com.atproto.moderation.defs#reasonAppeal" }),
      },
    );
    expect([appeal.status, appeal.body]).toEqual([200, { id: 1 }]);
    expect(other.heard[0]?.claims).toMatchObject({ iss: bob.did, aud: other.did, lxm: REPORT });
  });
});

describe("where to", () => {
  test("an AppView that the request names is completed by what that one has yet to see", async () => {
    const quoted = postView("quoted", stranger, 60);
    await ann.post("seen by neither", {
      embed: { $type: "app.bsky.embed.record", record: { uri: quoted.uri, cid: quoted.cid } },
    });
    other.on(TIMELINE, () => ann.knowing({ feed: [] }));
    other.on("app.bsky.feed.getPosts", () => ({ body: { posts: [quoted] } }));
    const { body } = await ann.get(TIMELINE, {}, { "atproto-proxy": `${other.did}#bsky_appview` });
    expect(body.feed[0].post).toMatchObject({
      record: { text: "seen by neither" },
      embed: { record: { value: { text: "quoted" } } },
    });
    expect(other.heard.map(({ claims }) => claims?.aud)).toEqual([other.did, other.did]);
    expect(stage.appview.heard).toEqual([]);
  });

  test("app.bsky and what nobody here serves go to the AppView; reports, labels and preferences stay", async () => {
    for (const nsid of ["app.bsky.graph.getMutes", "com.example.unknown"]) {
      stage.appview.on(nsid, () => ({ body: { from: nsid } }));
      expect((await ann.get(nsid)).body).toEqual({ from: nsid });
    }
    expect(heard(stage.appview)).toEqual(["app.bsky.graph.getMutes", "com.example.unknown"]);
    stage.appview.reset();
    expect((await ann.get("app.bsky.actor.getPreferences")).body).toEqual({ preferences: [] });
    const patterns = { uriPatterns: "*", sources: stranger.did };
    expect((await ask(stage.host.origin, "com.atproto.label.queryLabels", patterns)).body.labels).toEqual([]);
    const subject = { $type: "com.atproto.admin.defs#repoRef", did: stranger.did };
    const report = { reasonType: "com.atproto.moderation.defs#reasonSpam", subject };
    expect((await ann.do(REPORT, report)).body).toMatchObject({ reportedBy: ann.did });
    expect(stage.appview.heard).toEqual([]);
  });

  test("a record of a repo that is not here is asked of the AppView, for anybody; of another only for a member", async () => {
    const nsid = "com.atproto.repo.getRecord";
    const far = { repo: stranger.did, collection: "app.bsky.feed.post", rkey: "x" };
    for (const service of [stage.appview, other]) service.on(nsid, () => ({ body: { of: service.did } }));
    const { origin } = stage.host;
    expect((await ask(origin, nsid, far)).body).toEqual({ of: stage.appview.did });
    expect((await ann.get(nsid, { ...far, repo: stranger.handle })).body).toEqual({ of: stage.appview.did });
    expect(stage.appview.heard.map(({ claims }) => claims)).toEqual([null, null]);
    const headers = { "atproto-proxy": `${other.did}#bsky_appview` };
    expect((await ann.get(nsid, far, headers)).body).toEqual({ of: other.did });
    expect(other.heard[0]?.claims).toBeNull();
    const nobody = await ask(origin, nsid, far, { headers });
    expect([nobody.status, nobody.body.error]).toEqual([400, "InvalidRequest"]);
    const ours = await ann.get(nsid, far, { "atproto-proxy": `${stage.hostDid}#bsky_appview` });
    expect([ours.status, ours.body.error]).toEqual([400, "InvalidRequest"]);
    for (const repo of [ann.did, ann.handle]) {
      const own = { repo, collection: "app.bsky.actor.profile", rkey: "self" };
      expect((await ask(origin, nsid, own, { headers })).body.value.displayName).toBe("Before");
      expect((await ann.get(nsid, own, headers)).body.value.displayName).toBe("Before");
      expect((await ann.get(nsid, own, { "atproto-proxy": "nobody" })).status).toBe(200);
      const missing = await ann.get(nsid, { ...own, rkey: "none" });
      expect(missing.body.error).toBe("RecordNotFound");
    }
    expect([heard(stage.appview).length, heard(other).length]).toEqual([2, 1]);
  });

  test("what is an Ozone's goes to the one that is trusted here", async () => {
    other.on("tools.ozone.moderation.queryEvents", () => ({ body: { events: [] } }));
    expect((await ann.get("tools.ozone.moderation.queryEvents")).body).toEqual({ events: [] });
    expect(other.heard[0]?.claims).toMatchObject({ aud: other.did });
  });

  test("this host has no AppView of its own then, and does not say so", async () => {
    const { body: document } = await ask(stage.host.origin, "../.well-known/did.json");
    expect(document.service.map(({ id }: View) => id)).toEqual(["#atproto_pds", "#atproto_labeler"]);
    const own = await ann.get(TIMELINE, {}, { "atproto-proxy": `${document.id}#bsky_appview` });
    expect([own.status, own.body.message]).toEqual([400, "could not resolve proxy did service url"]);
  });

  test("a feed's token is for its generator, whom the AppView knows", async () => {
    const feed = `at://${stranger.did}/app.bsky.feed.generator/cats`;
    const generator = "did:web:cats.example.com";
    stage.appview.on("com.atproto.repo.getRecord", () => ({ body: { value: { did: generator } } }));
    stage.appview.on("app.bsky.feed.getFeed", () => ({ body: { feed: [] } }));
    expect((await ann.get("app.bsky.feed.getFeed", { feed, limit: "3" })).body).toEqual({ feed: [] });
    const [lookup, asked] = stage.appview.heard;
    expect(Object.fromEntries(lookup?.query ?? [])).toEqual({
      repo: stranger.did,
      collection: "app.bsky.feed.generator",
      rkey: "cats",
    });
    expect(lookup?.claims).toBeNull();
    expect(Object.fromEntries(asked?.query ?? [])).toEqual({ feed, limit: "3" });
    expect(asked?.claims).toMatchObject({
      iss: ann.did,
      aud: generator,
      lxm: "app.bsky.feed.getFeedSkeleton",
    });

    stage.appview.on("com.atproto.repo.getRecord", () => ({ body: { value: {} } }));
    expect((await ann.get("app.bsky.feed.getFeed", { feed })).body.error).toBe("InvalidRequestError");
    const missing = { error: "RecordNotFound", message: "Could not locate record" };
    stage.appview.on("com.atproto.repo.getRecord", () => ({ status: 400, body: missing }));
    const gone = await ann.get("app.bsky.feed.getFeed", { feed });
    expect([gone.status, gone.body]).toEqual([400, missing]);
    expect((await ann.get("app.bsky.feed.getFeed", { feed: "cats" })).body.error).toBe("InvalidRequest");
  });

  test.each(["registerPush", "unregisterPush"])(
    "%s goes where its body says, whatever the header",
    async (name) => {
      const nsid = `app.bsky.notification.${name}`;
      const header = { "atproto-proxy": `${stage.appview.did}#bsky_appview` };
      for (const service of [stage.appview, other]) {
        service.on(nsid, () => ({ body: {} }));
        const input = { serviceDid: service.did, token: "t", platform: "ios", appId: "app" };
        expect((await ann.do(nsid, input, header)).status).toBe(200);
        expect(JSON.parse(service.heard[0]?.body ?? "")).toEqual(input);
        expect(service.heard[0]?.claims).toMatchObject({ iss: ann.did, aud: service.did, lxm: nsid });
      }
    },
  );
});

describe("what comes back", () => {
  test.each([
    [400, 400, { error: "BadCursor", message: "no such page", more: [1] }],
    [401, 401, { error: "AuthMissing" }],
    [404, 404, { error: "NotFound" }],
    [429, 429, { error: "RateLimitExceeded" }],
    [500, 502, { error: "InternalServerError", message: "Internal Server Error" }],
    [503, 503, { error: "NotEnoughResources" }],
  ])("its %i is a %i, in its own words", async (theirs, ours, body) => {
    await ann.post("new");
    const text = `${JSON.stringify(body)} `;
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "retry-after": "7",
      "set-cookie": "a=b",
    };
    stage.appview.on(TIMELINE, () => ann.knowing(text, { status: theirs, headers }));
    const reply = await ann.get(TIMELINE);
    expect([reply.status, reply.text]).toEqual([ours, text]);
    expect(reply.headers.get("retry-after")).toBe("7");
    expect(reply.headers.get("atproto-repo-rev")).toBe(ann.seen);
    expect(reply.headers.has("atproto-upstream-lag")).toBe(false);
    expect(reply.headers.has("set-cookie")).toBe(false);
  });

  test.each([
    [500, 502, "UpstreamFailure"],
    [503, 503, "NotEnoughResources"],
    [404, 404, "XRPCNotSupported"],
    [418, 418, "InvalidRequest"],
  ])("a page that says %i is for a browser: a client is told %i %s", async (theirs, ours, error) => {
    const headers = { "content-type": "text/html", "retry-after": "9" };
    stage.appview.on(TIMELINE, () => ({ status: theirs, headers, body: "<script>alert(1)</script>" }));
    const reply = await ann.get(TIMELINE);
    expect([reply.status, reply.body.error]).toEqual([ours, error]);
    expect(reply.headers.get("content-type")).toMatch(/^application\/json/);
    expect(reply.headers.get("retry-after")).toBe("9");
    expect(reply.text).not.toContain("script");
  });

  test("an AppView that hangs up is no fault of this host, before its answer or in it", async () => {
    await ann.post("new");
    stage.appview.on(TIMELINE, () => (response) => response.destroy());
    const before = await ann.get(TIMELINE);
    expect([before.status, before.body.error]).toEqual([502, "UpstreamFailure"]);
    stage.appview.on(TIMELINE, () => (response) => {
      response.writeHead(200, { "content-type": "application/json", "atproto-repo-rev": ann.seen });
      response.write('{"feed":[', () => response.destroy());
    });
    const within = await ann.get(TIMELINE);
    expect([within.status, within.body.error]).toEqual([502, "UpstreamFailure"]);
  });

  const json = { "content-type": "application/json" };
  const megabytes = (n: number) => JSON.stringify({ feed: [], filler: "x".repeat(n * 1024 * 1024) });

  test("a page too long to be taken apart is passed on whole", async () => {
    await ann.post("new");
    const text = megabytes(5);
    stage.appview.on(TIMELINE, () => ann.knowing(text, { headers: json }));
    const reply = await ann.get(TIMELINE);
    expect(reply.text === text).toBe(true);
    expect(reply.headers.has("atproto-upstream-lag")).toBe(false);
  });

  test("more than 10 MB is refused where it is announced, and breaks off where it is not", async () => {
    stage.appview.on(TIMELINE, () => ({ body: megabytes(11), headers: json }));
    const announced = await ann.get(TIMELINE).catch((error: unknown) => String(error));
    expect(announced).toMatchObject({ status: 502, body: { error: "UpstreamFailure" } });
    stage.appview.on(TIMELINE, () => (response) => {
      response.writeHead(200, json);
      for (let i = 0; i < 11; i++) response.write("x".repeat(1024 * 1024));
      response.end();
    });
    await expect(ann.get(TIMELINE)).rejects.toThrow();
  });

  test("a question by HEAD is answered without a body", async () => {
    await ann.post("new");
    const response = await fetch(`${stage.host.origin}/xrpc/${TIMELINE}`, {
      method: "HEAD",
      headers: { authorization: ann.auth },
    });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("atproto-repo-rev")).toBe(ann.seen);
    expect(stage.appview.heard[0]?.method).toBe("HEAD");
  });
});
