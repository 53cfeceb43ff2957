/**
 * The demo's community, with what a client looks for besides posts: lists, a feed, a starter pack, a labeler.
 */
import { community } from "../../../tools/seed/community.ts";
import { createTestNetwork, type TestNetwork } from "../../../tools/kit/index.ts";

export interface Harbour {
  network: TestNetwork;
  /** Records by kind: `boats` (a list to read), `rude` (a list to mute or block), `feed`, `pack`. */
  uris: Record<"boats" | "rude" | "feed" | "pack", string>;
  /** DID of the feed generator, which answers with the community's newest posts. */
  generator: string;
  /** DID of the labeler among the members. */
  labeler: string;
}

export async function buildHarbour(): Promise<Harbour> {
  const network = await createTestNetwork({ platform: "free", seed: community() });
  const createdAt = new Date().toISOString();
  const didOf = async (name: string) => (await network.account(name)).did;
  const create = async (by: string, collection: string, record: object, rkey?: string) => {
    const { data } = await network.agent(by).com.atproto.repo.createRecord({
      repo: await didOf(by),
      collection,
      record: { $type: collection, createdAt, ...record },
      ...(rkey === undefined ? {} : { rkey }),
    });
    return data.uri;
  };
  const list = async (by: string, kind: string, name: string, members: string[]) => {
    const uri = await create(by, "app.bsky.graph.list", { purpose: `app.bsky.graph.defs#${kind}`, name });
    for (const member of members) {
      await create(by, "app.bsky.graph.listitem", { list: uri, subject: await didOf(member) });
    }
    return uri;
  };
  const boats = await list("otto", "curatelist", "Boats", ["kofi", "sanna", "theo", "lars"]);
  const rude = await list("ines", "modlist", "Rude at the quay", ["zola"]);
  const crew = await list("sanna", "referencelist", "Crew", ["maya", "otto", "ines"]);
  const pack = await create("sanna", "app.bsky.graph.starterpack", {
    name: "New in the harbour",
    list: crew,
  });
  const generator = "did:web:feeds.example.com";
  const feed = await create(
    "kofi",
    "app.bsky.feed.generator",
    { did: generator, displayName: "What the tide brought" },
    "tide",
  );
  await answerFeeds(network, generator);
  const labels = { labelValues: ["rude", "!hide"], labelValueDefinitions: [] };
  await create("theo", "app.bsky.labeler.service", { policies: labels }, "self");
  await network.settle();
  return { network, uris: { boats, rude, feed, pack }, generator, labeler: await didOf("theo") };
}

/** Serves the generator's document and its skeletons: up to 25 posts of the community, ten at a time. */
async function answerFeeds(network: TestNetwork, generator: string): Promise<void> {
  const { data } = await network.agent("yuki").app.bsky.feed.searchPosts({ q: "the", limit: 25 });
  const posts = data.posts.map(({ uri }) => ({ post: uri }));
  network.fetches.answer("https://feeds.example.com/.well-known/did.json", {
    "@context": ["https://www.w3.org/ns/did/v1"],
    id: generator,
    service: [{ id: "#bsky_fg", type: "BskyFeedGenerator", serviceEndpoint: "https://feeds.example.com" }],
  });
  network.fetches.answer(
    "https://feeds.example.com/xrpc/app.bsky.feed.getFeedSkeleton",
    ({ url }: Request) => {
      const { searchParams } = new URL(url);
      const from = Number(searchParams.get("cursor") ?? 0);
      const to = from + Math.min(10, Number(searchParams.get("limit")));
      return { feed: posts.slice(from, to), ...(to < posts.length ? { cursor: String(to) } : {}) };
    },
  );
}
