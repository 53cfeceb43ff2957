/** A picture or video that is taken down is named by no view, and what else there is stays. */
import { beforeAll, expect, test } from "vitest";
import { applyModeration } from "../../src/appview/index/moderation.ts";
import { getProfile } from "../../src/appview/reads/methods/actor/get-profile.ts";
import { getActorFeeds } from "../../src/appview/reads/methods/feed/get-feed-generators.ts";
import { getPosts } from "../../src/appview/reads/methods/feed/get-posts.ts";
import { getTimeline } from "../../src/appview/reads/methods/feed/get-timeline.ts";
import { getFollowers } from "../../src/appview/reads/methods/graph/get-follows.ts";
import { getLists } from "../../src/appview/reads/methods/graph/get-lists.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { bindings, Community, HOST, type Ref } from "../support/community.ts";

const reads = new AppViewReads(bindings, HOST);
const town = new Community();
const BAD = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
const GOOD = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
const blob = (cid: string, mimeType = "image/png") => ({
  $type: "blob",
  ref: { $link: cid },
  mimeType,
  size: 1,
});
const posts: Ref[] = [];

beforeAll(async () => {
  town.join("ann", "bob");
  town.follow("ann", "bob");
  town.follow("bob", "ann");
  const quoted = town.post("ann", "quoted");
  town.profile("ann", { displayName: "Ann", avatar: blob(BAD), banner: blob(BAD) });
  town.create("ann", "app.bsky.graph.list", {
    name: "l",
    purpose: "app.bsky.graph.defs#curatelist",
    avatar: blob(BAD),
  });
  town.create("ann", "app.bsky.feed.generator", {
    did: "did:web:f.test",
    displayName: "f",
    avatar: blob(BAD),
  });
  const images = {
    $type: "app.bsky.embed.images",
    images: [BAD, GOOD].map((cid) => ({ image: blob(cid), alt: cid === BAD ? "bad" : "good" })),
  };
  const video = { $type: "app.bsky.embed.video", video: blob(BAD, "video/mp4") };
  const items = [BAD, GOOD].map((cid) => ({
    $type: "app.bsky.embed.gallery#image",
    image: blob(cid),
    alt: "",
    aspectRatio: { width: 1, height: 1 },
  }));
  const external = { uri: "https://example.com", title: "t", description: "d", thumb: blob(BAD) };
  for (const embed of [
    images,
    video,
    { $type: "app.bsky.embed.gallery", items },
    { $type: "app.bsky.embed.external", external },
    { $type: "app.bsky.embed.recordWithMedia", record: { record: quoted }, media: video },
    { $type: "app.bsky.embed.recordWithMedia", record: { record: quoted }, media: images },
  ]) {
    posts.push(town.post("ann", "look", { embed }));
  }
  await town.index();
});

/** The pictures and videos that views of everything name, by CID. */
async function named(): Promise<Set<string>> {
  const as = () => reads.on(town.did("bob"));
  const answers = [
    await getProfile(as(), { actor: town.did("ann") }),
    await getFollowers(as(), { actor: town.did("bob"), limit: 10 }),
    await getPosts(as(), { uris: posts.map(({ uri }) => uri) }),
    await getTimeline(as(), { limit: 50 }),
    await getLists(as(), { actor: town.did("ann"), limit: 10 }),
    await getActorFeeds(as(), { actor: town.did("ann"), limit: 10 }),
  ];
  const urls = JSON.stringify(answers).matchAll(/atoll\.test\/(?:img|watch)\/[^"]*?(bafkrei\w+)/g);
  return new Set([...urls].map(([, cid]) => cid ?? ""));
}

test("before and after", async () => {
  expect(await named()).toEqual(new Set([BAD, GOOD]));
  const act = { kind: "takedown", did: town.did("ann"), blob: BAD, ref: "x" } as const;
  await applyModeration(bindings.APPVIEW_DB, [{ ...act, applied: true }]);
  expect(await named()).toEqual(new Set([GOOD]));
  const { posts: views } = await getPosts(reads.on(null), { uris: posts.map(({ uri }) => uri) });
  expect(views.map(({ embed }) => embed)).toMatchObject([
    { $type: "app.bsky.embed.images#view", images: [{ alt: "good" }] },
    undefined,
    { $type: "app.bsky.embed.gallery#view", items: [{}] },
    { $type: "app.bsky.embed.external#view", external: { title: "t" } },
    { $type: "app.bsky.embed.record#view", record: { value: { text: "quoted" } } },
    { $type: "app.bsky.embed.recordWithMedia#view", media: { images: [{ alt: "good" }] } },
  ]);
  // The same bytes of another account are another blob.
  town.profile("bob", { avatar: blob(BAD) });
  await town.index();
  expect((await getProfile(reads.on(null), { actor: "bob.test" })).avatar).toContain(BAD);
  await applyModeration(bindings.APPVIEW_DB, [{ ...act, applied: false }]);
  expect(await named()).toEqual(new Set([BAD, GOOD]));
});
