/** The host as a labeler: no repo, and yet a profile and a service that clients list, subscribe to and report to. */
import { mainSchema as serviceSchema } from "@atcute/bluesky/types/app/labeler/service";
import { mainSchema as getProfileSchema } from "@atcute/bluesky/types/app/actor/getProfile";
import { mainSchema as getServicesSchema } from "@atcute/bluesky/types/app/labeler/getServices";
import { safeParse } from "@atcute/lexicons/validations";
import { beforeAll, expect, test } from "vitest";
import { getProfile, getProfiles } from "../../src/appview/reads/methods/actor/get-profile.ts";
import { getServices } from "../../src/appview/reads/methods/actor/get-services.ts";
import { getPosts } from "../../src/appview/reads/methods/feed/get-posts.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { Community, HOST, bindings } from "../support/community.ts";

const reads = new AppViewReads(bindings, HOST);
const town = new Community();
const LABELER = `at://${HOST.did}/app.bsky.labeler.service/self` as const;

beforeAll(async () => {
  town.join("ann", "bob");
  await town.index();
});

test("getServices has it, in brief and in detail, valid by the lexicon", async () => {
  const dids = [HOST.did, town.did("ann")];
  const { views } = await getServices(reads.on(null), { dids });
  expect(views).toMatchObject([{ $type: "app.bsky.labeler.defs#labelerView", uri: LABELER, likeCount: 0 }]);
  const detailed = await getServices(reads.on(town.did("ann")), { dids, detailed: true });
  expect(detailed.views).toMatchObject([
    {
      $type: "app.bsky.labeler.defs#labelerViewDetailed",
      creator: {
        did: HOST.did,
        handle: "atoll.test",
        displayName: "Atoll: moderation",
        associated: { labeler: true },
      },
      policies: { labelValues: expect.arrayContaining(["!hide", "porn"]) },
    },
  ]);
  const { output } = getServicesSchema;
  expect(safeParse(output.schema, JSON.parse(JSON.stringify(detailed))).ok).toBe(true);
  const [view] = detailed.views;
  const record = {
    $type: "app.bsky.labeler.service",
    createdAt: view?.indexedAt,
    ...(view && "policies" in view ? { policies: view.policies } : {}),
  };
  expect(safeParse(serviceSchema, record).ok).toBe(true);
});

test("getProfile finds it by its DID and by the host's name", async () => {
  for (const actor of [HOST.did, "atoll.test", "ATOLL.test"]) {
    const profile = await getProfile(reads.on(town.did("ann")), { actor });
    expect(profile).toMatchObject({
      did: HOST.did,
      handle: "atoll.test",
      associated: { labeler: true },
      postsCount: 0,
    });
    expect(safeParse(getProfileSchema.output.schema, JSON.parse(JSON.stringify(profile))).ok).toBe(true);
  }
  const { profiles } = await getProfiles(reads.on(null), { actors: ["ann.test", HOST.did] });
  expect(profiles.map(({ handle }) => handle)).toEqual(["ann.test", "atoll.test"]);
  const local = new AppViewReads(bindings, { ...HOST, hostname: "localhost" });
  expect((await getProfile(local.on(null), { actor: HOST.did })).handle).toBe("handle.invalid");
});

test("its likes and followers are counted, and the viewer's own are told", async () => {
  const { views } = await getServices(reads.on(null), { dids: [HOST.did] });
  const like = town.like("ann", { uri: LABELER, cid: views[0]?.cid ?? "" });
  const follow = town.create("ann", "app.bsky.graph.follow", { subject: HOST.did });
  await town.index();
  const seen = await getServices(reads.on(town.did("ann")), { dids: [HOST.did] });
  expect(seen.views).toMatchObject([{ likeCount: 1, viewer: { like: like.uri } }]);
  expect(await getProfile(reads.on(town.did("ann")), { actor: HOST.did })).toMatchObject({
    followersCount: 1,
    viewer: { following: follow.uri },
  });
});

test("a post that embeds it shows it", async () => {
  const { views } = await getServices(reads.on(null), { dids: [HOST.did] });
  const record = { uri: LABELER, cid: views[0]?.cid ?? "" };
  const post = town.post("bob", "our moderators", { embed: { $type: "app.bsky.embed.record", record } });
  await town.index();
  const { posts } = await getPosts(reads.on(null), { uris: [post.uri] });
  expect(posts[0]?.embed).toMatchObject({
    record: { $type: "app.bsky.labeler.defs#labelerView", creator: { handle: "atoll.test" } },
  });
});
