/**
 * Looks up for one member's view what lives on other hosts: a handle's DID, the host of its document, the record
 * there and its proof. What comes after the view's patience is there for the next one. Nothing is told about the
 * member but that somebody here asks.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import {
  forgetForeign,
  pointedAt,
  putForeign,
  removeForeign,
  settleForeign,
  standings,
} from "../../appview/index/foreign.ts";
import { valueOf } from "../../appview/index/changes.ts";
import type { Put } from "../../appview/index/indexers/indexer.ts";
import type { Elsewhere, ForeignRecord } from "../../appview/reads/elsewhere.ts";
import { POST, PROFILE, collectionOf, didOf, isDid, rkeyOf } from "../../appview/uris.ts";
import { isJson } from "../../protocol/json.ts";
import { logLine } from "../../protocol/log-line.ts";
import { authorPage } from "./author-page.ts";
import { type Purse, gates } from "./gates.ts";
import { type Foreigner, type IdentityServices, foreigner, handleOf } from "./identity.ts";
import { LIFETIME, Memory } from "./memory.ts";
import { type Answer, type Asking, recordAt } from "./records.ts";

export interface LookUpServices extends IdentityServices {
  env: { LOCAL?: unknown; APPVIEW_DB: D1Database };
  defer(work: Promise<unknown>): void;
}

/** Accounts and records of one call, whatever a view names. */
const CALL_MOST = 25;
/** How often (ms) a document is fetched anew because of what a host sent. */
const FRESH_EVERY = 10 * 60_000;

/** The memory of this isolate, by database. */
const memories = new WeakMap<D1Database, Memory>();

export class LookingUp {
  readonly #services: LookUpServices;
  readonly #member: Did;
  readonly #memory: Memory;
  readonly #asking: Asking;
  readonly #purse: Purse;
  readonly #until: number;

  /** @param view `patience`: how long (ms) it waits */
  constructor(services: LookUpServices, view: { member: Did; purse: Purse; patience: number }) {
    this.#services = services;
    this.#member = view.member;
    this.#purse = view.purse;
    this.#until = Date.now() + view.patience;
    const { LOCAL, APPVIEW_DB } = services.env;
    this.#memory = memories.get(APPVIEW_DB) ?? new Memory();
    memories.set(APPVIEW_DB, this.#memory);
    this.#asking = {
      gates,
      purse: this.#purse,
      local: LOCAL === "1",
      origin: services.host.origin,
      now: Date.now,
    };
  }

  get #db(): D1Database {
    return this.#services.env.APPVIEW_DB;
  }

  // ---------------------------------------------------------------------------------------------- accounts

  accounts(ids: readonly string[]): Promise<boolean> {
    return this.#inTime(false, async () => {
      const keys = [...new Set(ids.map((id) => (isDid(id) ? id : id.toLowerCase())))].slice(0, CALL_MOST);
      const found = await Promise.all(keys.map((id) => this.#findAccount(id)));
      return found.includes(true);
    });
  }

  async #findAccount(id: string): Promise<boolean> {
    if (this.#memory.get(keyOf(id), Date.now()) === null) return false;
    let isFound = false;
    await this.#memory.once(keyOf(id), this.#left(), async () => {
      if (!this.#admits()) return;
      isFound = await this.#lookUpAccount(id);
      if (!isFound) this.#miss(keyOf(id), LIFETIME.missing);
    });
    // Another request may have found it meanwhile.
    return isFound || this.#memory.get(keyOf(id), Date.now()) !== null;
  }

  async #lookUpAccount(id: string): Promise<boolean> {
    const who = await foreigner(this.#services, this.#purse, id);
    if (who === null) return false;
    const [handle, profile] = await Promise.all([
      handleOf(this.#services, this.#purse, who),
      this.#record(who, PROFILE, "self"),
    ]);
    return this.#settle(who, handle ?? null, profile);
  }

  /** Returns whether there is an account to show. */
  async #settle(who: Foreigner, handle: string | null, profile: Answer): Promise<boolean> {
    const { did, home } = who;
    const account = { did, handle, home, status: null, profile: null };
    switch (profile.kind) {
      case "record":
        await settleForeign(this.#db, { ...account, profile: profile.put }, Date.now());
        return true;
      case "absent":
        await settleForeign(this.#db, account, Date.now());
        return true;
      case "inactive":
        await settleForeign(this.#db, { ...account, status: profile.status }, Date.now());
        return true;
      case "odd":
        // Its home, as a fresh document names it, does not know it.
        if (profile.isGone) await this.#forget(did);
        return false;
      case "unknown":
        return false;
    }
  }

  async #forget(did: Did): Promise<void> {
    const [known] = await standings(this.#db, [did]);
    if (known !== undefined && known.home !== null) await forgetForeign(this.#db, did);
  }

  /** Looks at an account again. */
  async again(did: Did): Promise<void> {
    if (!this.#admits()) return;
    await this.#memory.once(keyOf(did), 0, async () => void (await this.#lookUpAccount(did)));
  }

  // ----------------------------------------------------------------------------------------------- records

  records(uris: readonly string[]): Promise<{ found: ForeignRecord[]; indexed: ResourceUri[] }> {
    return this.#inTime({ found: [], indexed: [] }, () => this.#findRecords(uris));
  }

  async #findRecords(uris: readonly string[]): Promise<{ found: ForeignRecord[]; indexed: ResourceUri[] }> {
    const keys = [...new Set(uris)]
      .filter((uri) => isDid(didOf(uri)) && rkeyOf(uri) !== "")
      .slice(0, CALL_MOST);
    const strange = await this.#strangers(keys);
    await Promise.all(keys.filter((uri) => !strange.has(didOf(uri))).map((uri) => this.#findRecord(uri)));
    // Whoever is not known costs most of a view's requests: better one of them whole than none.
    for (const uri of keys.filter((key) => strange.has(didOf(key)))) await this.#findRecord(uri);
    const puts = keys.flatMap((uri) => this.#memory.get<Put>(uri, Date.now()) ?? []);
    if (puts.length === 0) return { found: [], indexed: [] };
    await this.#findAuthors(puts);
    const posts = puts.filter(({ collection }) => collection === POST);
    const wanted =
      posts.length === 0
        ? new Set()
        : await pointedAt(
            this.#db,
            posts.map(({ uri }) => uri),
          );
    const kept = posts.filter(({ uri }) => wanted.has(uri));
    await putForeign(this.#db, kept);
    return { found: puts.filter(({ uri }) => !wanted.has(uri)), indexed: kept.map(({ uri }) => uri) };
  }

  /**
   * The authors of these records that have not been looked up yet. What a member's repo does not have is nowhere
   * else.
   */
  async #strangers(uris: readonly string[]): Promise<Set<string>> {
    const open = uris.filter((uri) => this.#memory.get(uri, Date.now()) === undefined);
    const authors = new Set<string>(open.map(didOf));
    if (open.length === 0) return authors;
    const members = new Set<string>();
    for (const { did, isMember, home } of await standings(this.#db, [...authors])) {
      if (isMember) members.add(did);
      if (isMember || home !== null) authors.delete(did);
    }
    for (const uri of open) if (members.has(didOf(uri))) this.#miss(uri, LIFETIME.member);
    return authors;
  }

  async #findRecord(uri: string): Promise<void> {
    if (this.#memory.get(uri, Date.now()) !== undefined) return;
    await this.#memory.once(uri, this.#left(), async () => {
      if (!this.#admits()) return;
      const answer = await this.#lookUpRecord(uri);
      if (answer.kind === "record" && answer.put !== null) await this.#findAuthors([answer.put]);
    });
  }

  async #lookUpRecord(uri: string): Promise<Answer> {
    const who = await foreigner(this.#services, this.#purse, didOf(uri));
    const answer: Answer =
      who === null ? { kind: "unknown" } : await this.#record(who, collectionOf(uri), rkeyOf(uri));
    if (answer.kind === "record" && answer.put !== null) {
      this.#memory.set(uri, answer.put, Date.now() + LIFETIME.found);
    } else this.#miss(uri, LIFETIME.missing);
    return answer;
  }

  /** Posts are shown with their authors. */
  async #findAuthors(puts: readonly Put[]): Promise<void> {
    const dids = [...new Set(puts.map(({ did }) => did))];
    const known = new Map((await standings(this.#db, dids)).map((one) => [one.did, one]));
    const missing = dids.filter((did) => (known.get(did)?.home ?? null) === null);
    await Promise.all(missing.map((did) => this.#findAccount(did)));
  }

  /** A record of any collection, whole; it is not kept. */
  record(uri: ResourceUri): ReturnType<Elsewhere["record"]> {
    return this.#inTime<Awaited<ReturnType<Elsewhere["record"]>>>(null, async () => {
      await this.#strangers([uri]);
      if (this.#memory.get(uri, Date.now()) === null || !this.#admits()) return null;
      const who = await foreigner(this.#services, this.#purse, didOf(uri));
      if (who === null) return null;
      const answer = await this.#record(who, collectionOf(uri), rkeyOf(uri));
      if (answer.kind !== "record") return null;
      const value = valueOf(answer.bytes);
      return isJson(value) ? { uri, cid: answer.cid, value } : null;
    });
  }

  /** Looks at a post of the index again, which may be changed or gone. */
  async stillThere(uri: ResourceUri): Promise<void> {
    await this.#strangers([uri]);
    if (this.#memory.get(uri, Date.now()) !== undefined || !this.#admits()) return;
    await this.#memory.once(uri, 0, async () => {
      const answer = await this.#lookUpRecord(uri);
      if (answer.kind === "record" && answer.put !== null) await putForeign(this.#db, [answer.put]);
      if (answer.kind === "absent")
        await removeForeign(this.#db, { uri, did: didOf(uri), rkey: rkeyOf(uri) });
    });
  }

  /** A host that does not know its account, or sends what is not signed by it, may be the one before a move. */
  async #record(who: Foreigner, collection: string, rkey: string): Promise<Answer> {
    const answer = await recordAt(this.#asking, who, collection, rkey);
    if (answer.kind !== "odd") return answer;
    const key = `fresh ${who.did}`;
    if (this.#memory.get(key, Date.now()) !== undefined) return answer;
    this.#memory.set(key, true, Date.now() + FRESH_EVERY);
    const now = await foreigner(this.#services, this.#purse, who.did, { fresh: true });
    if (now === null || (now.key === who.key && now.origin === who.origin)) return answer;
    return recordAt(this.#asking, now, collection, rkey);
  }

  // ------------------------------------------------------------------------------------------------- feeds

  posts(did: Did, page: { limit: number; cursor?: string | undefined }) {
    type Found = Awaited<ReturnType<Elsewhere["posts"]>>;
    const key = `feed ${did} ${page.limit} ${page.cursor ?? ""}`;
    return this.#inTime<Found>(null, async () => {
      const seen = this.#memory.get<NonNullable<Found>>(key, Date.now());
      if (seen !== undefined) return seen;
      await this.#memory.once(key, this.#left(), async () => {
        const who = this.#admits() ? await foreigner(this.#services, this.#purse, did) : null;
        const found = who === null ? null : await authorPage(this.#asking, who, page);
        const lifetime = found === null ? LIFETIME.missing : LIFETIME.feed;
        this.#memory.set(key, found, Date.now() + lifetime);
      });
      return this.#memory.get<NonNullable<Found>>(key, Date.now()) ?? null;
    });
  }

  // ------------------------------------------------------------------------------------------------ bounds

  #admits(): boolean {
    return gates.admits("member", this.#member, Date.now());
  }

  /** Remembers what is not to be had; not what this view alone could not ask for. */
  #miss(key: string, lifetime: number): void {
    if (this.#purse.isShort && lifetime === LIFETIME.missing) return;
    this.#memory.set(key, null, Date.now() + lifetime);
  }

  /** How long (ms) this view waits yet. */
  #left(): number {
    return Math.max(0, this.#until - Date.now());
  }

  /** What is found in time, or else `otherwise`; then the search goes on behind the answer. */
  async #inTime<T>(otherwise: T, find: () => Promise<T>): Promise<T> {
    const work = find().catch((error: unknown) => {
      logLine("error", "elsewhere", { error });
      return otherwise;
    });
    this.#services.defer(work);
    let timer;
    const late = new Promise<T>((resolve) => {
      timer = setTimeout(resolve, this.#left(), otherwise);
    });
    const found = await Promise.race([work, late]);
    clearTimeout(timer);
    return found;
  }
}

const keyOf = (id: string) => `account ${id}`;
