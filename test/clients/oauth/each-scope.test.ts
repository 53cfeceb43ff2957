/** A call for each scope, refused without it, allowed with it. Uses the official server client unmodified. */
import type { OAuthSession } from "@atproto/oauth-client-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stage, appFor, connect, setStage } from "./stage.ts";

let stage: Stage;
/** An app that may know who the member is, and nothing else. */
let bare: OAuthSession;
beforeAll(async () => {
  stage = await setStage();
  bare = (await connect(stage, await appFor(stage, "atproto"))).session;
});
afterAll(() => stage?.stop());

type Call = (session: OAuthSession) => Promise<Response>;

const get =
  (nsid: string, params: Record<string, string> = {}): Call =>
  (session) =>
    session.fetchHandler(`/xrpc/${nsid}?${new URLSearchParams(params).toString()}`);

const post =
  (nsid: string, bodyOf?: (did: string) => unknown): Call =>
  (session) =>
    session.fetchHandler(`/xrpc/${nsid}`, {
      method: "POST",
      ...(bodyOf === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(bodyOf(session.did)) }),
    });

const writePost = post("com.atproto.repo.createRecord", (repo) => ({
  repo,
  collection: "app.bsky.feed.post",
  record: { $type: "app.bsky.feed.post", text: "by leave", createdAt: "2026-01-01T00:00:00.000Z" },
}));

const PNG = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  (letter) => letter.charCodeAt(0),
);
const uploadPicture: Call = (session) =>
  session.fetchHandler("/xrpc/com.atproto.repo.uploadBlob", {
    method: "POST",
    headers: { "content-type": "image/png" },
    body: PNG,
  });

const importOwnRepo: Call = async (session) => {
  const archive = await fetch(`${stage.host.url}/xrpc/com.atproto.sync.getRepo?did=${session.did}`);
  return session.fetchHandler("/xrpc/com.atproto.repo.importRepo", {
    method: "POST",
    headers: { "content-type": "application/vnd.ipld.car" },
    body: await archive.arrayBuffer(),
  });
};

const readTimeline = get("app.bsky.feed.getTimeline");
const tokenForChat = get("com.atproto.server.getServiceAuth", {
  aud: "did:web:api.bsky.chat",
  lxm: "chat.bsky.convo.listConvos",
});

const onThisHost = () => {
  const service = `did:web:${new URL(stage.host.url).host.replace(":", "%3A")}#bsky_appview`;
  return encodeURIComponent(service);
};

test.each<[scope: string, call: Call]>([
  ["transition:generic", writePost],
  ["transition:chat.bsky", tokenForChat],
  ["repo:app.bsky.feed.post", writePost],
  ["repo:*?action=create", writePost],
  ["blob:image/*", uploadPicture],
  ["rpc:app.bsky.feed.getTimeline?aud=*", readTimeline],
  ["rpc:app.bsky.feed.getTimeline?aud=HERE", readTimeline],
  ["rpc?lxm=*&aud=HERE", readTimeline],
  ["account:email?action=manage", post("com.atproto.server.requestEmailConfirmation")],
  ["account:repo?action=manage", importOwnRepo],
  ["identity:handle", post("com.atproto.identity.updateHandle", () => ({ handle: "alicia.test" }))],
  ["identity:*", post("com.atproto.identity.requestPlcOperationSignature")],
])("with “%s”, and not without", async (scope, call) => {
  const app = await appFor(stage, `atproto ${scope.replace("HERE", onThisHost())}`);
  const { session } = await connect(stage, app);
  const refused = await call(bare);
  expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([
    403,
    "ScopeMissingError",
  ]);
  const allowed = await call(session);
  expect(allowed.status, await allowed.text()).toBe(200);
  // The scope also survives a refresh.
  await session.getTokenInfo(true);
  expect((await get("com.atproto.server.getSession")(session)).status).toBe(200);
  if (scope === "identity:handle")
    await post("com.atproto.identity.updateHandle", () => ({ handle: "alice.test" }))(session);
  await session.signOut();
});

test.each(["transition:email", "account:email", "account:email?action=manage"])(
  "with “%s” the address is seen, and not without",
  async (scope) => {
    const { session } = await connect(stage, await appFor(stage, `atproto ${scope}`));
    const seen = async (by: OAuthSession) =>
      ((await (await get("com.atproto.server.getSession")(by)).json()) as { email?: string }).email;
    expect(await seen(session)).toBe("alice@example.com");
    expect(await seen(bare)).toBeUndefined();
  },
);

test("what no scope gives is refused with all of them", async () => {
  const everything = "transition:generic transition:email transition:chat.bsky repo:* blob:*/* identity:*";
  const more =
    "account:email?action=manage account:repo?action=manage account:status?action=manage rpc:*?aud=HERE";
  const app = await appFor(stage, `atproto ${everything} ${more.replace("HERE", onThisHost())}`);
  const { session } = await connect(stage, app);
  for (const name of [
    "deactivateAccount",
    "createAppPassword",
    "requestAccountDelete",
    "requestEmailUpdate",
  ]) {
    const { status } = await post(`com.atproto.server.${name}`, () => ({ name: "x" }))(session);
    expect(status, name).toBe(403);
  }
});
