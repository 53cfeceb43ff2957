/**
 * A member with a client: the unmodified `@atproto/api` agent in a browser. It points at this host as its
 * AppView as a fork of the official app does: it sends `atproto-proxy` with every call, and lists the app's
 * own labeler among its labelers.
 */
import { AtpAgent } from "@atproto/api";
import type { TestNetwork } from "../../../tools/kit/index.ts";
import { Browser } from "./browser.ts";

export interface ClientMember {
  did: string;
  handle: string;
  agent: AtpAgent;
  browser: Browser;
}

/** The labeler that the official app always subscribes to. */
const APP_LABELER = "did:plc:ar7c4by46qjdydhdevvrndac";

export const appviewOf = (network: TestNetwork) =>
  `${network.host().did as `did:web:${string}`}#bsky_appview` as const;

/** Signs in by password, in a new browser. */
export async function openClient(network: TestNetwork, name: string): Promise<ClientMember> {
  const { handle, password, did } = await network.account(name);
  const browser = new Browser();
  AtpAgent.configure({ appLabelers: [APP_LABELER] });
  const agent = new AtpAgent({ service: network.url, fetch: browser.fetch });
  await agent.login({ identifier: handle, password });
  agent.configureProxy(appviewOf(network));
  return { did, handle, agent, browser };
}

/**
 * Calls a method that the agent's version does not know yet. It uses the handler that sends all other calls:
 * the same headers, the same session.
 */
export async function call<Answer>(
  { agent }: ClientMember,
  nsid: string,
  params: Record<string, string | number | readonly string[]> = {},
  headers: Record<string, string> = {},
): Promise<{ status: number; data: Answer }> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const response = await agent.fetchHandler(`/xrpc/${nsid}?${query.toString()}`, { method: "GET", headers });
  return { status: response.status, data: (await response.json()) as Answer };
}

/** Reads page after page to the end; no page repeats an item of an earlier one. */
export async function walk<Item>(
  page: (cursor: string | undefined) => Promise<{ items: readonly Item[]; cursor?: string | undefined }>,
  idOf: (item: Item) => string,
): Promise<Item[]> {
  const items: Item[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let pages = 0; ; pages++) {
    if (pages > 200) throw new Error("the pages do not end");
    const found = await page(cursor);
    for (const item of found.items) {
      const id = idOf(item);
      if (seen.has(id)) throw new Error(`again: ${id}`);
      seen.add(id);
      items.push(item);
    }
    if (found.cursor === undefined) return items;
    cursor = found.cursor;
  }
}
