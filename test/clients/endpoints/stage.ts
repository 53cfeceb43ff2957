/** A small community with one of everything, for calls of each method. */
import { type TestNetwork, createTestNetwork } from "../../../tools/kit/index.ts";

export interface Person {
  did: string;
  handle: string;
  email: string;
  password: string;
  token: string;
  refreshJwt: string;
}

export interface Stage {
  network: TestNetwork;
  /** The caller. */
  ada: Person;
  /** The member whom calls are about. */
  ben: Person;
  leaver: Person;
  /** A member who sets a new password. */
  keeper: Person;
  /** Ben's post, with a picture; it is liked, answered and quoted. */
  post: { uri: string; cid: string; rkey: string };
  blob: string;
  uris: Record<"feed" | "list" | "pack", string>;
  /** A name that is still free. */
  next: () => string;
  /** The code in the newest mail to an address. */
  code: (email: string) => Promise<string>;
  /** An operation of the leaver's, signed by the host. */
  signedOperation: () => Promise<unknown>;
  /** The leaver's repo. */
  archive: () => Promise<Uint8Array>;
}

const GENERATOR = "did:web:feeds.example.com";

export async function setStage(): Promise<Stage> {
  const network = await createTestNetwork({
    platform: "free",
    seed: {
      accounts: [
        { name: "ada" },
        { name: "ben", displayName: "Ben", avatar: true },
        { name: "leaver" },
        { name: "keeper" },
      ],
      follows: { ada: ["ben"], ben: ["ada"], leaver: ["ada", "ben"] },
      posts: [
        {
          id: "calm",
          by: "ben",
          text: "A calm day",
          images: [{ alt: "the sea" }],
          likedBy: ["ada", "leaver"],
        },
        { by: "ada", text: "Calm here", replyTo: "calm" },
        { by: "leaver", text: "Look", quote: "calm" },
        { by: "ada", text: "Mine", likedBy: ["ben"], repostedBy: ["ben"] },
      ],
    },
  });
  const [ada, ben, leaver, keeper] = [
    await person(network, "ada"),
    await person(network, "ben"),
    await person(network, "leaver"),
    await person(network, "keeper"),
  ];
  const author = network.agent("ben");
  const { data } = await author.getAuthorFeed({ actor: ben.did });
  const found = data.feed.find(({ post }) => (post.record as { text: string }).text === "A calm day")?.post;
  if (found === undefined) throw new Error("no post");
  const { data: kept } = await author.com.atproto.sync.listBlobs({ did: ben.did });
  let people = 0;
  return {
    network,
    ada,
    ben,
    leaver,
    keeper,
    post: { uri: found.uri, cid: found.cid, rkey: found.uri.split("/").at(-1) ?? "" },
    blob: kept.cids[0] ?? "",
    uris: await otherRecords(network, ben.did, ada.did),
    next: () => `newcomer-${people++}`,
    code: async (email) =>
      (await network.mailbox().next((mail) => mail.to === email && mail.code !== null)).code ?? "",
    signedOperation: () => signedOperation(network, leaver),
    archive: () => archiveOf(network, leaver),
  };
}

/** Only its owner may read a deactivated repo. */
async function archiveOf(network: TestNetwork, { did, token }: Person): Promise<Uint8Array> {
  const response = await fetch(`${network.url}/xrpc/com.atproto.sync.getRepo?did=${did}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return new Uint8Array(await response.arrayBuffer());
}

async function person(network: TestNetwork, name: string): Promise<Person> {
  const { did, handle, email, password } = await network.account(name);
  const input = { identifier: handle, password };
  const session = await network.host().xrpc("com.atproto.server.createSession", { input });
  const { accessJwt, refreshJwt } = session as { accessJwt: string; refreshJwt: string };
  return { did, handle, email, password, token: accessJwt, refreshJwt };
}

async function otherRecords(network: TestNetwork, ben: string, ada: string): Promise<Stage["uris"]> {
  const createdAt = new Date().toISOString();
  const create = async (collection: string, record: object, rkey?: string) => {
    const { data } = await network.agent("ben").com.atproto.repo.createRecord({
      repo: ben,
      collection,
      record: { $type: collection, createdAt, ...record },
      ...(rkey === undefined ? {} : { rkey }),
    });
    return data.uri;
  };
  const list = await create("app.bsky.graph.list", {
    purpose: "app.bsky.graph.defs#curatelist",
    name: "Calm",
  });
  await create("app.bsky.graph.listitem", { list, subject: ada });
  const reference = await create("app.bsky.graph.list", {
    purpose: "app.bsky.graph.defs#referencelist",
    name: "All",
  });
  await create("app.bsky.graph.listitem", { list: reference, subject: ada });
  const pack = await create("app.bsky.graph.starterpack", { name: "A pack", list: reference });
  const feed = await create("app.bsky.feed.generator", { did: GENERATOR, displayName: "Calm" }, "calm");
  await create("app.bsky.labeler.service", { policies: { labelValues: ["calm"] } }, "self");
  network.fetches.answer("https://feeds.example.com/.well-known/did.json", {
    id: GENERATOR,
    service: [{ id: "#bsky_fg", type: "BskyFeedGenerator", serviceEndpoint: "https://feeds.example.com" }],
  });
  network.fetches.answer("https://feeds.example.com/xrpc/", { feed: [] });
  await network.settle();
  return { feed, list, pack };
}

/** The row before signs an operation, but its answer is not kept; this asks again. */
async function signedOperation(network: TestNetwork, { token, email }: Person): Promise<unknown> {
  const authorization = `Bearer ${token}`;
  const identity = "com.atproto.identity";
  await network.mailbox().clear();
  await network.host().xrpc(`${identity}.requestPlcOperationSignature`, { procedure: true, authorization });
  const mail = await network.mailbox().next(({ to }) => to === email);
  const input = { token: mail.code ?? "" };
  const signed = await network.host().xrpc(`${identity}.signPlcOperation`, { input, authorization });
  return (signed as { operation: unknown }).operation;
}
