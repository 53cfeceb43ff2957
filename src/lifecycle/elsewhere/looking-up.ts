/**
 * Looks up for one member's view what lives on other hosts: a handle's DID, the host of its document, the record
 * there and its proof. What comes after the view's patience is there for the next one. Nothing is told about the
 * member but that somebody here asks.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { valueOf } from "../../appview/index/changes.ts";
import { pointedAt, putForeign, removeForeign, standings } from "../../appview/index/foreign.ts";
import type { Put } from "../../appview/index/indexers/indexer.ts";
import type { Elsewhere, ForeignRecord } from "../../appview/reads/elsewhere.ts";
import { POST, collectionOf, didOf, isDid, rkeyOf } from "../../appview/uris.ts";
import { isJson } from "../../protocol/json.ts";
import { findAccount, findAgain } from "./accounts.ts";
import { authorPage } from "./author-page.ts";
import { LIFETIME } from "./memory.ts";
import type { Answer } from "./records.ts";
import type { View } from "./view.ts";

/** Accounts and records of one call, whatever a view names. */
const CALL_MOST = 25;

export class LookingUp {
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  accounts(ids: readonly string[]): Promise<boolean> {
    return this.#view.inTime(false, async () => {
      const keys = [...new Set(ids.map((id) => (isDid(id) ? id : id.toLowerCase())))].slice(0, CALL_MOST);
      const found = await Promise.all(keys.map((id) => findAccount(this.#view, id)));
      return found.includes(true);
    });
  }

  /** Looks at an account again. */
  again(did: Did): Promise<void> {
    return findAgain(this.#view, did);
  }

  records(uris: readonly string[]): Promise<{ found: ForeignRecord[]; indexed: ResourceUri[] }> {
    return this.#view.inTime({ found: [], indexed: [] }, () => this.#findRecords(uris));
  }

  async #findRecords(uris: readonly string[]): Promise<{ found: ForeignRecord[]; indexed: ResourceUri[] }> {
    const keys = [...new Set(uris)]
      .filter((uri) => isDid(didOf(uri)) && rkeyOf(uri) !== "")
      .slice(0, CALL_MOST);
    const strange = await this.#strangers(keys);
    await Promise.all(keys.filter((uri) => !strange.has(didOf(uri))).map((uri) => this.#findRecord(uri)));
    // Whoever is not known costs most of a view's requests: better one of them whole than none.
    for (const uri of keys.filter((key) => strange.has(didOf(key)))) await this.#findRecord(uri);
    const puts = keys.flatMap((uri) => this.#view.recall<Put>(uri) ?? []);
    if (puts.length === 0) return { found: [], indexed: [] };
    await this.#findAuthors(puts);
    const posts = puts.filter(({ collection }) => collection === POST);
    const wanted =
      posts.length === 0
        ? new Set()
        : await pointedAt(
            this.#view.db,
            posts.map(({ uri }) => uri),
          );
    const kept = posts.filter(({ uri }) => wanted.has(uri));
    await putForeign(this.#view.db, kept);
    return { found: puts.filter(({ uri }) => !wanted.has(uri)), indexed: kept.map(({ uri }) => uri) };
  }

  /**
   * The authors of these records that have not been looked up yet. What a member's repo does not have is nowhere
   * else.
   */
  async #strangers(uris: readonly string[]): Promise<Set<string>> {
    const open = uris.filter((uri) => this.#view.recall(uri) === undefined);
    const authors = new Set<string>(open.map(didOf));
    if (open.length === 0) return authors;
    const members = new Set<string>();
    for (const { did, isMember, home } of await standings(this.#view.db, [...authors])) {
      if (isMember) members.add(did);
      if (isMember || home !== null) authors.delete(did);
    }
    for (const uri of open) if (members.has(didOf(uri))) this.#view.miss(uri, LIFETIME.member);
    return authors;
  }

  async #findRecord(uri: string): Promise<void> {
    if (this.#view.recall(uri) !== undefined) return;
    await this.#view.once(uri, async () => {
      if (!this.#view.admits()) return;
      const answer = await this.#lookUpRecord(uri);
      if (answer.kind === "record" && answer.put !== null) await this.#findAuthors([answer.put]);
    });
  }

  async #lookUpRecord(uri: string): Promise<Answer> {
    const who = await this.#view.foreigner(didOf(uri));
    const answer: Answer =
      who === null ? { kind: "unknown" } : await this.#view.recordAt(who, collectionOf(uri), rkeyOf(uri));
    if (answer.kind === "record" && answer.put !== null) {
      this.#view.memory.set(uri, answer.put, Date.now() + LIFETIME.found);
    } else this.#view.miss(uri);
    return answer;
  }

  /** Posts are shown with their authors. */
  async #findAuthors(puts: readonly Put[]): Promise<void> {
    const dids = [...new Set(puts.map(({ did }) => did))];
    const known = new Map((await standings(this.#view.db, dids)).map((one) => [one.did, one]));
    const missing = dids.filter((did) => (known.get(did)?.home ?? null) === null);
    await Promise.all(missing.map((did) => findAccount(this.#view, did)));
  }

  /** A record of any collection, whole; it is not kept. */
  record(uri: ResourceUri): ReturnType<Elsewhere["record"]> {
    return this.#view.inTime<Awaited<ReturnType<Elsewhere["record"]>>>(null, async () => {
      await this.#strangers([uri]);
      if (this.#view.recall(uri) === null || !this.#view.admits()) return null;
      const who = await this.#view.foreigner(didOf(uri));
      if (who === null) return null;
      const answer = await this.#view.recordAt(who, collectionOf(uri), rkeyOf(uri));
      if (answer.kind !== "record") return null;
      const value = valueOf(answer.bytes);
      return isJson(value) ? { uri, cid: answer.cid, value } : null;
    });
  }

  /** Looks at a post of the index again, which may be changed or gone. */
  async stillThere(uri: ResourceUri): Promise<void> {
    await this.#strangers([uri]);
    if (this.#view.recall(uri) !== undefined || !this.#view.admits()) return;
    await this.#view.once(uri, async () => {
      const answer = await this.#lookUpRecord(uri);
      if (answer.kind === "record" && answer.put !== null) await putForeign(this.#view.db, [answer.put]);
      if (answer.kind === "absent")
        await removeForeign(this.#view.db, { uri, did: didOf(uri), rkey: rkeyOf(uri) });
    });
  }

  posts(did: Did, page: { limit: number; cursor?: string | undefined }) {
    type Found = Awaited<ReturnType<Elsewhere["posts"]>>;
    const key = `feed ${did} ${page.limit} ${page.cursor ?? ""}`;
    return this.#view.inTime<Found>(null, async () => {
      const seen = this.#view.recall<NonNullable<Found>>(key);
      if (seen !== undefined) return seen;
      await this.#view.once(key, async () => {
        const who = this.#view.admits() ? await this.#view.foreigner(did) : null;
        const found = who === null ? null : await authorPage(this.#view.asking, who, page);
        if (found === null) this.#view.miss(key);
        else this.#view.memory.set(key, found, Date.now() + LIFETIME.feed);
      });
      return this.#view.recall<NonNullable<Found>>(key) ?? null;
    });
  }
}
