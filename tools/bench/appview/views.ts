/** The measured views, and the ways to request them. */
import { type Client, type Params, type Reply, Xrpc, textIn, type Account } from "../client.ts";
import { type PlantedCommunity, WRITER_HANDLE } from "./community.ts";

const LIMIT = 50;

export interface View {
  name: string;
  nsid: string;
  /** Field with the page's items; null if the answer is no list. */
  list: string | null;
  /** Parameters of the n-th request. */
  params: (community: PlantedCommunity, n: number) => Params;
}

/** A server under comparison. */
export interface Side {
  title: string;
  /** Requests a view as the n-th member. */
  ask: (view: View, n: number) => Promise<Reply>;
  /** Processes whose CPU counts: the server, and its databases if they are separate processes. */
  pids: { server: (number | null)[]; databases: (number | null)[] };
}

/** A member other than the n-th. */
const other = (community: PlantedCommunity, n: number) => nth(community.members, n + 7).did;

export const VIEWS: readonly View[] = [
  { name: "getTimeline", nsid: "app.bsky.feed.getTimeline", list: "feed", params: () => ({ limit: LIMIT }) },
  {
    name: "getAuthorFeed",
    nsid: "app.bsky.feed.getAuthorFeed",
    list: "feed",
    params: () => ({ actor: WRITER_HANDLE, limit: LIMIT }),
  },
  {
    name: "getPostThread",
    nsid: "app.bsky.feed.getPostThread",
    list: null,
    params: ({ root }) => ({ uri: root }),
  },
  {
    name: "getPostThreadV2",
    nsid: "app.bsky.unspecced.getPostThreadV2",
    list: "thread",
    params: ({ root }) => ({ anchor: root }),
  },
  {
    name: "getProfile",
    nsid: "app.bsky.actor.getProfile",
    list: null,
    params: (community, n) => ({ actor: other(community, n) }),
  },
  {
    name: "listNotifications",
    nsid: "app.bsky.notification.listNotifications",
    list: "notifications",
    params: () => ({ limit: LIMIT }),
  },
  {
    name: "getFollowers",
    nsid: "app.bsky.graph.getFollowers",
    list: "followers",
    params: (community, n) => ({ actor: other(community, n), limit: LIMIT }),
  },
];

export function nth<Item>(list: readonly Item[], n: number): Item {
  const item = list[n % list.length];
  if (item === undefined) throw new Error("nothing to choose from");
  return item;
}

/** Requests views as a member's client does: at the member's own host, with the session's token. */
export function askAtHost(client: Client, community: PlantedCommunity): Side["ask"] {
  return ({ nsid, params }, n) =>
    new Xrpc(client, nth(community.members, n).token).query(nsid, params(community, n));
}

/**
 * Requests views at the AppView itself, with the service token that a PDS would send. One token per member
 * and view serves all their requests, so its verification is measured, but not its creation.
 */
export function askAtAppView(
  appview: Client,
  appviewDid: string,
  pds: Client,
  community: PlantedCommunity,
): Side["ask"] {
  const tokens = new Map<string, Promise<string>>();
  return async ({ nsid, params }, n) => {
    const member = nth(community.members, n);
    const key = `${member.did} ${nsid}`;
    const token = tokens.get(key) ?? serviceToken(pds, member, appviewDid, nsid);
    tokens.set(key, token);
    return new Xrpc(appview, await token).query(nsid, params(community, n));
  };
}

async function serviceToken(pds: Client, member: Account, aud: string, lxm: string): Promise<string> {
  // A PDS grants at most an hour.
  const exp = Math.floor(Date.now() / 1000) + 3500;
  const params = { aud, lxm, exp };
  return textIn(
    await new Xrpc(pds, member.token).query("com.atproto.server.getServiceAuth", params),
    "token",
  );
}
