/** Words that owners keep out of names, in display names: hidden here, and nowhere else. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Member, bindings, fetchHost, join, xrpc } from "../../support/account-host.ts";
import { Visitor } from "../../support/visitor.ts";
import { type Holder, holderOf } from "./desk.ts";

let owner: Holder;
let member: Member;

beforeEach(async () => {
  [owner, member] = [await holderOf("owner"), await join()];
  await owner.visitor.get("/admin/names");
});
const keepOut = (words: string) =>
  owner.visitor.post("/admin/names", { step: "words", BLOCKED_WORDS: words });
afterEach(async () => {
  await keepOut("");
});

const named = (displayName: string, by = member) =>
  xrpc("com.atproto.repo.putRecord", {
    auth: by.auth,
    input: {
      repo: by.did,
      collection: "app.bsky.actor.profile",
      rkey: "self",
      record: { $type: "app.bsky.actor.profile", displayName, description: "I sell things" },
    },
  });
const profile = async (auth?: string) =>
  (await xrpc("app.bsky.actor.getProfile", { params: { actor: member.did }, ...(auth ? { auth } : {}) }))
    .body;

test("a name with such a word is shown to nobody, stays in its repo, and is back with the word allowed", async () => {
  await named("Cheap Watches");
  const { body: post } = await xrpc("com.atproto.repo.createRecord", {
    auth: member.auth,
    input: {
      repo: member.did,
      collection: "app.bsky.feed.post",
      record: { $type: "app.bsky.feed.post", text: "Hello", createdAt: new Date().toISOString() },
    },
  });
  expect((await profile()).displayName).toBe("Cheap Watches");
  expect((await keepOut("watches, casino")).text).toContain("Saved.");
  for (const auth of [undefined, member.auth, owner.member.auth]) {
    const shown = await profile(auth);
    expect(shown.displayName).toBeUndefined();
    expect(shown).toMatchObject({ handle: member.handle, description: "I sell things" });
  }
  const posts = await xrpc("app.bsky.feed.getPosts", { params: { uris: String(post.uri) } });
  expect(JSON.stringify(posts.body)).not.toContain("Watches");
  const page = await (await fetchHost(`/profile/${member.handle}`)).text();
  expect(page).not.toContain("Watches");
  const record = await xrpc("com.atproto.repo.getRecord", {
    params: { repo: member.did, collection: "app.bsky.actor.profile", rkey: "self" },
  });
  expect(record.body.value).toMatchObject({ displayName: "Cheap Watches" });
  await keepOut("casino");
  expect((await profile()).displayName).toBe("Cheap Watches");
});

test("whoever looks after members sees the name, and that it is hidden", async () => {
  await named("Cheap Watches");
  await keepOut("watches");
  const page = await owner.visitor.get(`/admin/members/${member.did}`);
  expect(page.text).toContain("Cheap Watches");
  expect(page.text).toContain("This name is not shown");
  await keepOut("");
  expect((await owner.visitor.get(`/admin/members/${member.did}`)).text).not.toContain(
    "This name is not shown",
  );
});

test("a member who takes such a name on this host is told before", async () => {
  await keepOut("watches");
  const visitor = new Visitor();
  await visitor.signIn(member.handle, member.password);
  await visitor.get("/app/profile");
  const answer = await visitor.post("/app/profile", { name: "W a t c h e s", description: "" });
  expect(answer.status).toBe(400);
  expect(answer.text).toContain("Nobody here would see this name");
  expect((await visitor.post("/app/profile", { name: "Walter", description: "" })).status).toBe(303);
  expect((await profile()).displayName).toBe("Walter");
});

test("the name that another one verifies is hidden with it", async () => {
  const verifier = await join();
  await named("Watches Official", verifier);
  await named("Walter");
  await xrpc("com.atproto.repo.createRecord", {
    auth: verifier.auth,
    input: {
      repo: verifier.did,
      collection: "app.bsky.graph.verification",
      record: {
        $type: "app.bsky.graph.verification",
        subject: member.did,
        handle: member.handle,
        displayName: "Walter",
        createdAt: new Date().toISOString(),
      },
    },
  });
  await bindings.APPVIEW_DB.prepare("UPDATE actor SET trusted_verifier = 1 WHERE did = ?1")
    .bind(verifier.did)
    .run();
  const issuerName = async () =>
    (await profile()).verification as { verifications: { issuerDisplayName?: string }[] };
  expect((await issuerName()).verifications[0]?.issuerDisplayName).toBe("Watches Official");
  await keepOut("watches");
  expect((await issuerName()).verifications[0]?.issuerDisplayName).toBeUndefined();
});
