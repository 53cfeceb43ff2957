/**
 * Relays. Asks them to crawl this host when there is something new, at most every 20 minutes (the reference's
 * interval), and reads what they report on this host and on a member's repo.
 */
import type { Did } from "@atcute/lexicons";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { relay } from "../../schema/directory.ts";
import { fetchPublic, publicUrl } from "../identity/outbound.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";

const ASK_AGAIN_MS = 20 * 60 * 1000;
const TIMEOUT_MS = 10_000;

export type RelayBindings = Pick<Bindings, "DIRECTORY" | "RELAYS" | "SEQUENCER" | "LOCAL">;

/** Origins, from `RELAYS`. */
export const relaysOf = ({ RELAYS }: Pick<Bindings, "RELAYS">): string[] =>
  RELAYS.split(",")
    .map((origin) => origin.trim().replace(/\/+$/, ""))
    .filter((origin) => origin !== "");

/**
 * Asks every relay that has not been asked since the newest event to crawl this host, or that did not accept.
 * For the Worker's schedule: it may be called as often as one likes.
 */
export async function requestCrawls(
  env: RelayBindings,
  hostname: string,
  now: () => number = Date.now,
): Promise<void> {
  const origins = relaysOf(env);
  if (origins.length === 0) return;
  const { seq, oldest } = await env.SEQUENCER.getByName(SEQUENCER_NAME).status();
  if (oldest === null) return;
  await Promise.all(origins.map((origin) => requestCrawl(env, origin, hostname, seq, now())));
}

/**
 * Called by the Worker's schedule every few minutes. Does nothing on a host that does not know its address.
 */
export async function tellRelays(env: RelayBindings & Pick<Bindings, "PUBLIC_URL">): Promise<void> {
  if (env.PUBLIC_URL !== "") await requestCrawls(env, new URL(env.PUBLIC_URL).hostname);
}

async function requestCrawl(
  env: RelayBindings,
  origin: string,
  hostname: string,
  seq: number,
  now: number,
): Promise<void> {
  const db = drizzle(env.DIRECTORY);
  const last = await db.select().from(relay).where(eq(relay.origin, origin)).get();
  if (last !== undefined && now - Date.parse(last.askedAt) < ASK_AGAIN_MS) return;
  if (last?.outcome === "asked" && last.seq >= seq) return;
  const outcome = await ask(env, origin, hostname);
  const row = { origin, askedAt: new Date(now).toISOString(), seq, outcome };
  await db.insert(relay).values(row).onConflictDoUpdate({ target: relay.origin, set: row });
}

/** Returns `asked`, or the reason why not in a few words. */
async function ask(env: RelayBindings, origin: string, hostname: string): Promise<string> {
  try {
    const url = publicUrl(`${origin}/xrpc/com.atproto.sync.requestCrawl`, env.LOCAL === "1");
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ hostname }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok ? "asked" : `answered ${response.status}`;
  } catch (thrown) {
    return isRefusal(thrown) ? thrown.message : "could not be reached";
  }
}

export interface RelayStatus {
  relay: string;
  /** com.atproto.sync.getHostStatus, as the relay reports it. Null if it has none or does not answer. */
  host: { status?: string; seq?: number; accountCount?: number } | null;
  /** com.atproto.sync.getRepoStatus, as the relay reports it. Null likewise. */
  repo: { active?: boolean; status?: string; rev?: string } | null;
  askedAt?: string;
  outcome?: string;
}

/** Each relay's report on this host and, if `did` is given, on that repo. */
export async function relayStatuses(
  env: RelayBindings,
  hostname: string,
  did: Did | undefined,
): Promise<RelayStatus[]> {
  const rows = await drizzle(env.DIRECTORY).select().from(relay);
  return Promise.all(
    relaysOf(env).map(async (origin) => {
      const [host, repo] = await Promise.all([
        read(env, origin, "com.atproto.sync.getHostStatus", { hostname }),
        did === undefined ? null : read(env, origin, "com.atproto.sync.getRepoStatus", { did }),
      ]);
      const row = rows.find((each) => each.origin === origin);
      return {
        relay: origin,
        host,
        repo,
        ...(row === undefined ? {} : { askedAt: row.askedAt, outcome: row.outcome }),
      };
    }),
  );
}

async function read(
  env: RelayBindings,
  origin: string,
  nsid: string,
  params: Record<string, string>,
): Promise<Record<string, never> | null> {
  try {
    const url = new URL(`${origin}/xrpc/${nsid}`);
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    const { status, body } = await fetchPublic(url, {
      local: env.LOCAL === "1",
      timeoutMs: TIMEOUT_MS,
      maxBytes: 64 * 1024,
    });
    if (status !== 200) return null;
    const answer: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof answer === "object" && answer !== null ? { ...answer } : null;
  } catch (thrown) {
    if (isRefusal(thrown) || thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}
