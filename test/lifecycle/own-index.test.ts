/** A host that used another AppView, and comes back to its own: the index is built anew from the members' repos. */
import { afterEach, beforeAll, expect, test } from "vitest";
import { changeSettings } from "../../src/lifecycle/host/settings.ts";
import { readRebuild } from "../../src/appview/index/rebuild.ts";
import { type Member, asAdmin, bindings, fetchHost, join, xrpc } from "../support/account-host.ts";
import { wipeIndex } from "../support/wipe-index.ts";

const ELSEWHERE = "did:web:api.example.com#bsky_appview" as const;
const away = { ...bindings, APPVIEW: ELSEWHERE };

/** The environment of a test sets it; on a page it is the owner's to set. */
const byPages = <Env extends { APPVIEW: string }>(env: Env) => ({ ...env, FIXED: [] });

let member: Member;
beforeAll(async () => {
  member = await join();
});
afterEach(async () => {
  await bindings.DIRECTORY.prepare("DELETE FROM host_settings").run();
  await bindings.APPVIEW_DB.prepare("DELETE FROM rebuild").run();
});

const say = (text: string) => {
  const record = { $type: "app.bsky.feed.post", text, createdAt: new Date().toISOString() };
  const input = { repo: member.did, collection: "app.bsky.feed.post", record };
  return xrpc("com.atproto.repo.createRecord", { auth: member.auth, input });
};
const feed = async () => {
  const { body } = await xrpc("app.bsky.feed.getAuthorFeed", {
    auth: member.auth,
    params: { actor: member.did },
  });
  return (body["feed"] as { post: { record: { text: string } } }[]).map(({ post }) => post.record.text);
};
/** Goes on with a rebuild that is under way, as the schedule does. */
const goOn = () => asAdmin("internal.atoll.admin.rebuildIndex", { input: { restart: false } });

test("a rebuild begins with the change, and ends with what was posted in between", async () => {
  await say("while it was away");
  // What the index does not know of.
  await wipeIndex(bindings.APPVIEW_DB);
  expect(await feed()).toEqual([]);
  expect(await changeSettings(byPages(away), "admin", { APPVIEW: "local" })).toEqual({ rebuilds: true });
  expect(await readRebuild(bindings.APPVIEW_DB)).toMatchObject({ phase: "members", finished: null });
  const status = await fetchHost("/status", { headers: { accept: "text/html" } });
  expect(await status.text()).toContain("Rebuild");
  await goOn();
  expect(await readRebuild(bindings.APPVIEW_DB)).toMatchObject({ phase: "done" });
  expect(await feed()).toEqual(["while it was away"]);
});

test.each<[string, typeof away | typeof bindings, Parameters<typeof changeSettings>[2]]>([
  ["another setting", away, { HOST_NAME: "Reef" }],
  ["a host that never left", bindings, { APPVIEW: "local" }],
  ["one that goes away", bindings, { APPVIEW: ELSEWHERE }],
  ["one that goes from one to another", away, { APPVIEW: "did:web:other.example.com#bsky_appview" }],
])("%s needs none", async (_, env, typed) => {
  expect(await changeSettings(byPages(env), "admin", typed)).toEqual({ rebuilds: false });
  expect(await readRebuild(bindings.APPVIEW_DB)).toBeNull();
});

test("an empty choice is the host's own, and counts as well", async () => {
  expect(await changeSettings(byPages(away), "admin", { APPVIEW: "" })).toEqual({ rebuilds: true });
});
