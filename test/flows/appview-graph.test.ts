/** People, lists and starter packs, as an app asks for them. */
import { beforeAll, expect, test } from "vitest";
import { post, xrpc } from "../support/account-host.ts";
import { Person, type Ref, type View, anyone, didsOf } from "../support/appview-host.ts";

let ann: Person;
let bob: Person;
let cleo: Person;
let dora: Person;
let eve: Person;

beforeAll(async () => {
  [ann, bob, cleo, dora, eve] = (await Promise.all(
    ["ann", "bob", "cleo", "dora", "eve"].map((name) => Person.join(name)),
  )) as [Person, Person, Person, Person, Person];
  for (const [who, whom] of [
    [ann, bob],
    [bob, ann],
    [cleo, bob],
    [ann, cleo],
    [dora, bob],
    [ann, dora],
    [bob, eve],
  ] as const) {
    await who.follow(whom);
  }
}, 60_000);

const uris = (views: View[]): string[] => views.map(({ uri }) => uri);

test("somebody mutes another, sees it everywhere, and takes it back", async () => {
  await eve.do("app.bsky.graph.muteActor", { actor: bob.member.handle });
  await eve.do("app.bsky.graph.muteActor", { actor: bob.did });
  await eve.do("app.bsky.graph.muteActor", { actor: cleo.did });
  await eve.do("app.bsky.graph.muteActor", { actor: dora.did, onlyReposts: true });
  const first = await eve.get("app.bsky.graph.getMutes", { limit: "1" });
  expect(didsOf(first.mutes)).toEqual([cleo.did]);
  const second = await eve.get("app.bsky.graph.getMutes", { limit: "1", cursor: first.cursor });
  expect(didsOf(second.mutes)).toEqual([bob.did]);
  expect(second.mutes[0].viewer).toMatchObject({ muted: true, mutedOnlyReposts: false });
  expect(second.cursor).toBeUndefined();
  const { viewer } = await eve.get("app.bsky.actor.getProfile", { actor: dora.did });
  expect(viewer).toMatchObject({ muted: false, mutedOnlyReposts: true, mutedOnlyQuoteposts: false });
  for (const actor of [bob.did, cleo.member.handle, dora.did]) {
    await eve.do("app.bsky.graph.unmuteActor", { actor });
  }
  expect((await eve.get("app.bsky.graph.getMutes")).mutes).toEqual([]);
  expect(await eve.refused("app.bsky.graph.muteActor", { input: { actor: eve.did } })).toBe(
    "400 InvalidRequest: Actor cannot mute themselves",
  );
  expect(await eve.refused("app.bsky.graph.muteActor", { input: { actor: "nobody.test" } })).toBe(
    "400 InvalidRequest: Actor not found",
  );
  expect((await xrpc("app.bsky.graph.getMutes")).body.error).toBe("AuthMissing");
});

test("a list that moderates: muted or blocked as a whole, until it is undone", async () => {
  const list = await dora.list("Noise", "modlist");
  await dora.enlist(list, bob);
  await dora.enlist(list, eve);
  await ann.do("app.bsky.graph.muteActorList", { list: list.uri });
  const muted = await ann.get("app.bsky.graph.getListMutes");
  expect(muted.lists).toMatchObject([
    { uri: list.uri, listItemCount: 2, viewer: { muted: true }, creator: { did: dora.did } },
  ]);
  expect((await ann.get("app.bsky.actor.getProfile", { actor: bob.did })).viewer).toMatchObject({
    muted: true,
    mutedByList: { uri: list.uri, name: "Noise" },
  });
  const subscription = await cleo.write("app.bsky.graph.listblock", { subject: list.uri });
  expect(uris((await cleo.get("app.bsky.graph.getListBlocks")).lists)).toEqual([list.uri]);
  const { viewer } = await bob.get("app.bsky.actor.getProfile", { actor: cleo.did });
  expect(viewer.blockedBy).toBe(true);
  const blocked = await cleo.get("app.bsky.actor.getProfile", { actor: bob.did });
  expect(blocked.viewer.blockingByList).toMatchObject({
    uri: list.uri,
    viewer: { muted: false, blocked: subscription.uri },
  });
  expect(viewer.followedBy).toBeUndefined();
  expect(
    (await anyone("app.bsky.graph.getRelationships", { actor: cleo.did, others: [bob.did, dora.did] }))
      .relationships,
  ).toMatchObject([{ did: bob.did, blockingByList: list.uri }, { did: dora.did }]);

  // A deleted list moderates nobody, though its items remain.
  await cleo.erase(subscription);
  await ann.do("app.bsky.graph.unmuteActorList", { list: list.uri });
  expect((await ann.get("app.bsky.graph.getListMutes")).lists).toEqual([]);
  await ann.do("app.bsky.graph.muteActorList", { list: list.uri });
  await dora.erase(list);
  expect((await ann.get("app.bsky.actor.getProfile", { actor: bob.did })).viewer.muted).toBe(false);
  expect((await ann.get("app.bsky.graph.getListMutes")).lists).toEqual([]);
  expect(await ann.refused("app.bsky.graph.getList", { params: { list: list.uri } })).toBe(
    "400 InvalidRequest: List not found",
  );
});

test("a list of people: its members, page by page, without those whom its owner blocks", async () => {
  const list = await ann.list("Friends", "curatelist");
  for (const whom of [bob, cleo, dora, eve]) await ann.enlist(list, whom);
  const block = await ann.block(eve);
  const first = await bob.get("app.bsky.graph.getList", { list: list.uri, limit: "2" });
  expect(first.list).toMatchObject({ name: "Friends", listItemCount: 4, creator: { did: ann.did } });
  expect(first.items.map((item: View) => item.subject.did)).toEqual([dora.did, cleo.did]);
  const rest = await bob.get("app.bsky.graph.getList", { list: list.uri, cursor: first.cursor });
  expect(rest.items.map((item: View) => item.subject.did)).toEqual([bob.did]);
  expect((await ann.get("app.bsky.graph.getList", { list: list.uri })).items).toHaveLength(4);
  expect(didsOf((await ann.get("app.bsky.graph.getBlocks")).blocks)).toEqual([eve.did]);
  await ann.erase(block);
});

test("whoever is on a list twice stays on it until both items are gone", async () => {
  const list = await bob.list("Twice", "curatelist");
  const items = [await bob.enlist(list, cleo), await bob.enlist(list, cleo)];
  const itemsNow = async () => (await anyone("app.bsky.graph.getList", { list: list.uri })).items;
  expect(uris(await itemsNow())).toEqual([items[0]?.uri]);
  await bob.erase(items[0] as Ref);
  expect(uris(await itemsNow())).toEqual([items[1]?.uri]);
  await bob.erase(items[1] as Ref);
  expect(await itemsNow()).toEqual([]);
  expect((await anyone("app.bsky.graph.getList", { list: list.uri })).list.listItemCount).toBe(0);
});

test("one's own lists, by purpose, and who is on them", async () => {
  const good = await cleo.list("Good", "curatelist");
  const bad = await cleo.list("Bad", "modlist");
  await cleo.list("Behind a pack", "referencelist");
  const item = await cleo.enlist(bad, dora);
  const lists = (more: object) =>
    anyone("app.bsky.graph.getLists", { actor: cleo.member.handle, ...more }).then((body) =>
      uris(body.lists),
    );
  expect(await lists({})).toEqual([bad.uri, good.uri]);
  expect(await lists({ purposes: "modlist" })).toEqual([bad.uri]);
  expect(await lists({ purposes: "app.bsky.graph.defs#curatelist" })).toEqual([good.uri]);
  const { listsWithMembership } = await cleo.get("app.bsky.graph.getListsWithMembership", {
    actor: dora.did,
  });
  expect(
    listsWithMembership.map((one: View) => [one.list.uri, one.listItem?.uri, one.listItem?.subject.did]),
  ).toEqual([
    [bad.uri, item.uri, dora.did],
    [good.uri, undefined, undefined],
  ]);
});

test("a starter pack: what it holds, who shows it, how it is found", async () => {
  const members = await bob.list("Members", "referencelist");
  for (const whom of [ann, cleo, dora]) await bob.enlist(members, whom);
  const feed = await bob.write(
    "app.bsky.feed.generator",
    { did: "did:web:feeds.example.com", displayName: "Feed" },
    "feed",
  );
  const pack = await bob.write("app.bsky.graph.starterpack", {
    name: "Gardeners of the town",
    list: members.uri,
    feeds: [{ uri: feed.uri }],
  });
  const byHandle = pack.uri.replace(bob.did, bob.member.handle);
  const { starterPack } = await anyone("app.bsky.graph.getStarterPack", { starterPack: byHandle });
  expect(starterPack).toMatchObject({
    uri: pack.uri,
    creator: { did: bob.did },
    joinedAllTimeCount: 0,
    feeds: [{ uri: feed.uri, displayName: "Feed" }],
    list: { uri: members.uri, listItemCount: 3 },
  });
  // Each has one follower, so the newest of the list come first.
  expect(starterPack.listItemsSample.map((item: View) => item.subject.did)).toEqual([
    dora.did,
    cleo.did,
    ann.did,
  ]);
  const packs = async (nsid: string, params: Record<string, string>, who?: Person) =>
    uris((await (who ? who.get(nsid, params) : anyone(nsid, params))).starterPacks);
  expect(await packs("app.bsky.graph.getStarterPacks", { uris: pack.uri })).toEqual([pack.uri]);
  expect(await packs("app.bsky.graph.searchStarterPacks", { q: "gardener" })).toEqual([pack.uri]);
  expect(await packs("app.bsky.graph.searchStarterPacks", { q: "sailors" })).toEqual([]);
  const own = await bob.get("app.bsky.graph.getStarterPacksWithMembership", { actor: cleo.did });
  expect(own.starterPacksWithMembership).toMatchObject([
    { starterPack: { uri: pack.uri }, listItem: { subject: { did: cleo.did } } },
  ]);
  const refusal = { error: "InvalidRequest", message: "Starter pack not found" };
  const noPack = await xrpc("app.bsky.graph.getStarterPack", { params: { starterPack: feed.uri } });
  expect(noPack.body).toMatchObject(refusal);

  // Newer packs come first, whoever made them. Viewers do not see packs of accounts that they block.
  const other = await cleo.write("app.bsky.graph.starterpack", { name: "Town hall", list: members.uri });
  const block = await eve.block(cleo);
  for (const [nsid, params] of [
    ["app.bsky.graph.searchStarterPacks", { q: "town" }],
    ["app.bsky.graph.searchStarterPacksV2", { q: "TOWN" }],
    ["app.bsky.unspecced.getSuggestedStarterPacks", {}],
    ["app.bsky.unspecced.getOnboardingSuggestedStarterPacks", {}],
  ] as const) {
    expect(await packs(nsid, { ...params }, ann), nsid).toEqual([other.uri, pack.uri]);
    expect(await packs(nsid, { ...params }, eve), nsid).toEqual([pack.uri]);
  }
  await eve.erase(block);
  expect(await packs("app.bsky.graph.getActorStarterPacks", { actor: bob.did })).toEqual([pack.uri]);
  await bob.erase(pack);
  expect(await packs("app.bsky.graph.getActorStarterPacks", { actor: bob.did })).toEqual([]);
  expect(await packs("app.bsky.graph.getStarterPacks", { uris: pack.uri })).toEqual([]);
  expect(await packs("app.bsky.unspecced.getSuggestedStarterPacks", {})).toEqual([other.uri]);
  const gone = await xrpc("app.bsky.graph.getStarterPack", { params: { starterPack: pack.uri } });
  expect(gone.body).toMatchObject(refusal);
});

test("who follows whom: newest first, page by page, without those who block each other", async () => {
  const followers = async (actor: string, who?: Person, more: Record<string, string> = {}) => {
    const params = { actor, ...more };
    return who
      ? who.get("app.bsky.graph.getFollowers", params)
      : anyone("app.bsky.graph.getFollowers", params);
  };
  const first = await followers("BOB.test", undefined, { limit: "2" });
  expect(first.subject).toMatchObject({ did: bob.did, handle: "bob.test" });
  expect(didsOf(first.followers)).toEqual([dora.did, cleo.did]);
  const rest = await followers("bob.test", undefined, { limit: "2", cursor: first.cursor });
  expect(didsOf(rest.followers)).toEqual([ann.did]);
  expect(rest.cursor).toBeUndefined();
  const follows = async () => didsOf((await anyone("app.bsky.graph.getFollows", { actor: ann.did })).follows);
  expect(await follows()).toEqual([dora.did, cleo.did, bob.did]);

  // A block removes each account from the other's lists, and from everything the other reads.
  const block = await ann.block(dora);
  expect(await follows()).toEqual([cleo.did, bob.did]);
  expect(didsOf((await followers(dora.did)).followers)).toEqual([]);
  expect(didsOf((await followers(bob.did, ann)).followers)).toEqual([cleo.did, ann.did]);
  expect(didsOf((await followers(bob.did, eve)).followers)).toEqual([dora.did, cleo.did, ann.did]);
  await ann.erase(block);
  expect(await follows()).toEqual([dora.did, cleo.did, bob.did]);
  for (const nsid of ["app.bsky.graph.getFollowers", "app.bsky.graph.getFollows"]) {
    expect(await ann.refused(nsid, { params: { actor: "nobody.test" } })).toBe(
      "400 InvalidRequest: Actor not found: nobody.test",
    );
  }
});

test("people by name, the best known first; whom a block hides by the very handle only; nobody who is away", async () => {
  await eve.write(
    "app.bsky.actor.profile",
    { displayName: "Evelyn Marsh", description: "of the fens" },
    "self",
  );
  await bob.write("app.bsky.actor.profile", { displayName: "Bob Marshall" }, "self");
  const searches = ["app.bsky.actor.searchActors", "app.bsky.actor.searchActorsTypeahead"];
  const found = async (q: string, who: Person, ...whom: Person[]) => {
    for (const nsid of searches) {
      expect(didsOf((await who.get(nsid, { q })).actors), nsid).toEqual(whom.map(({ did }) => did));
    }
  };
  await found("mars", cleo, bob, eve);
  await found("evelyn mar", cleo, eve);
  const [whole, brief] = await Promise.all(
    searches.map(async (nsid) => (await bob.get(nsid, { q: "@eve.te" })).actors[0]),
  );
  expect(whole).toMatchObject({ did: eve.did, description: "of the fens", viewer: { following: /^at:/ } });
  expect(brief).toMatchObject({ did: eve.did, displayName: "Evelyn Marsh" });
  expect(brief.description).toBeUndefined();

  const block = await eve.block(ann);
  await found("marsh", ann, bob);
  await found("eve.test", ann, eve);
  await post("com.atproto.server.deactivateAccount", { auth: dora.member.auth, input: {} });
  await found("dora.test", ann);
  const actors = [eve.did, "nobody.test", "DORA.test", bob.did, ann.member.handle];
  const profiles = async () => (await ann.get("app.bsky.actor.getProfiles", { actors })).profiles;
  const shown = await profiles();
  expect(didsOf(shown)).toEqual([eve.did, bob.did, ann.did]);
  expect(shown).toMatchObject([
    { displayName: "Evelyn Marsh", viewer: { blockedBy: true } },
    { viewer: { following: /^at:/, knownFollowers: { followers: [{ did: cleo.did }] } } },
    { followsCount: 3 },
  ]);
  await post("com.atproto.server.activateAccount", { auth: dora.member.auth });
  await eve.erase(block);
  expect(didsOf(await profiles())).toEqual([eve.did, dora.did, bob.did, ann.did]);
});

test("how people stand to each other, as nobody in particular sees it", async () => {
  const { actor, relationships } = await anyone("app.bsky.graph.getRelationships", {
    actor: ann.member.handle,
    others: [bob.did, eve.did, ann.did, "bob.test"],
  });
  expect(actor).toBe(ann.did);
  expect(relationships).toMatchObject([
    { did: bob.did, following: expect.any(String), followedBy: expect.any(String) },
    { $type: "app.bsky.graph.defs#relationship", did: eve.did },
    { $type: "app.bsky.graph.defs#relationship", did: ann.did },
    { $type: "app.bsky.graph.defs#notFoundActor", actor: "bob.test", notFound: true },
  ]);
  expect(relationships[1].following).toBeUndefined();
});

test("whom one knows of somebody's followers, and whom one might follow", async () => {
  const { subject, followers } = await ann.get("app.bsky.graph.getKnownFollowers", { actor: "bob.test" });
  expect(subject.did).toBe(bob.did);
  expect(didsOf(followers)).toEqual([cleo.did, dora.did]);
  const block = await cleo.block(ann);
  const known = await ann.get("app.bsky.graph.getKnownFollowers", { actor: bob.did });
  expect(didsOf(known.followers)).toEqual([dora.did]);
  await cleo.erase(block);
  const missing = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
  expect(await ann.get("app.bsky.graph.getKnownFollowers", { actor: missing })).toEqual({
    subject: { did: missing, handle: "handle.invalid" },
    followers: [],
  });
  expect(await ann.refused("app.bsky.graph.getKnownFollowers", { params: { actor: "nobody.test" } })).toBe(
    "400 InvalidRequest: Actor not found: nobody.test",
  );
  const { suggestions } = await ann.get("app.bsky.graph.getSuggestedFollowsByActor", { actor: bob.did });
  expect(didsOf(suggestions)).toEqual([eve.did]);
  expect(didsOf((await ann.get("app.bsky.actor.getSuggestions")).actors)).toEqual([eve.did]);
  // Eve's surroundings are only the accounts that bob follows; the most followed fill the rest.
  const { actors } = await eve.get("app.bsky.actor.getSuggestions");
  expect(didsOf(actors).slice(0, 2)).toEqual([ann.did, bob.did]);
  expect(new Set(didsOf(actors))).toEqual(new Set([ann.did, bob.did, cleo.did, dora.did]));
  const strangers = await xrpc("app.bsky.actor.getSuggestions", { params: { limit: "3" } });
  const next = await anyone("app.bsky.actor.getSuggestions", {
    limit: "3",
    cursor: String(strangers.body.cursor),
  });
  expect(didsOf(strangers.body.actors as View[])[0]).toBe(bob.did);
  expect(didsOf(next.actors)).toHaveLength(2);
});
