/** Writers that remember which writes were acknowledged, and which are unknown because the runtime died. */
import { pick } from "../../tools/seed/random.ts";
import { tidFromMicros } from "../../src/protocol/tid.ts";
import { XrpcError, xrpc } from "../../tools/dev/xrpc-client.ts";

/** The possible states of one record: its text, or null if deleted. Several: it was never acknowledged. */
export type Possible = (string | null)[];

export interface Ledger {
  /** `at://` address → its possible states. One entry: acknowledged. */
  records: Map<string, Possible>;
  /** Addresses that were written together; all of them exist, or none. */
  together: string[][];
  acknowledged: number;
  unknown: number;
}

export interface Account {
  name: string;
  did: string;
  authorization: string;
}

const POST = "app.bsky.feed.post";
const LIKE = "app.bsky.feed.like";

export class Writer {
  readonly #origin: string;
  readonly #account: Account;
  readonly #ledger: Ledger;
  readonly #random: () => number;
  /** Posts of this writer whose existence is acknowledged. */
  readonly #own: string[] = [];
  readonly #clockId: number;
  #keys = 0;

  constructor(origin: string, account: Account, ledger: Ledger, random: () => number, clockId: number) {
    this.#origin = origin;
    this.#account = account;
    this.#ledger = ledger;
    this.#random = random;
    this.#clockId = clockId;
  }

  /** Makes one write of a random kind. Returns the number of records in it. */
  async write(): Promise<number> {
    const kind = this.#random();
    if (this.#own.length > 3 && kind < 0.1) return this.#update(pick(this.#own, this.#random));
    if (this.#own.length > 3 && kind < 0.18) return this.#delete(pick(this.#own, this.#random));
    if (this.#own.length > 0 && kind < 0.26) return this.#like(pick(this.#own, this.#random));
    if (kind < 0.32) return this.#createThree();
    return this.#create();
  }

  #create(): Promise<number> {
    const rkey = this.#key();
    const uri = this.#uri(POST, rkey);
    const input = { repo: this.#account.did, collection: POST, rkey, record: post(uri) };
    return this.#send("createRecord", input, [[uri, uri]]);
  }

  #update(uri: string): Promise<number> {
    const text = `${uri} again ${this.#key()}`;
    const input = { repo: this.#account.did, collection: POST, rkey: keyOf(uri), record: post(text) };
    return this.#send("putRecord", input, [[uri, text]]);
  }

  #delete(uri: string): Promise<number> {
    this.#own.splice(this.#own.indexOf(uri), 1);
    const input = { repo: this.#account.did, collection: POST, rkey: keyOf(uri) };
    return this.#send("deleteRecord", input, [[uri, null]]);
  }

  async #like(subject: string): Promise<number> {
    const cid = await this.#cidOf(subject);
    if (cid === null) return 0;
    const rkey = this.#key();
    const record = { $type: LIKE, subject: { uri: subject, cid }, createdAt: new Date().toISOString() };
    const uri = this.#uri(LIKE, rkey);
    // Unvalidated, so that an earlier like of the same post stays in place.
    const input = { repo: this.#account.did, collection: LIKE, rkey, record, validate: false };
    return this.#send("createRecord", input, [[uri, subject]]);
  }

  #createThree(): Promise<number> {
    const uris = [1, 2, 3].map(() => this.#uri(POST, this.#key()));
    const writes = uris.map((uri) => ({
      $type: "com.atproto.repo.applyWrites#create",
      collection: POST,
      rkey: keyOf(uri),
      value: post(uri),
    }));
    this.#ledger.together.push(uris);
    return this.#send(
      "applyWrites",
      { repo: this.#account.did, writes },
      uris.map((uri) => [uri, uri]),
    );
  }

  async #send(
    method: string,
    input: unknown,
    outcome: [uri: string, text: string | null][],
  ): Promise<number> {
    const { records } = this.#ledger;
    try {
      const { authorization } = this.#account;
      await xrpc(this.#origin, `com.atproto.repo.${method}`, { input, authorization });
    } catch (thrown) {
      if (thrown instanceof XrpcError && thrown.status < 500) throw thrown;
      for (const [uri, text] of outcome) records.set(uri, [...(records.get(uri) ?? [null]), text]);
      this.#ledger.unknown += outcome.length;
      await this.#untilBack();
      return 0;
    }
    for (const [uri, text] of outcome) {
      records.set(uri, [text]);
      const isPost = uri.includes(`/${POST}/`);
      if (isPost && text !== null && !this.#own.includes(uri)) this.#own.push(uri);
    }
    this.#ledger.acknowledged += outcome.length;
    return outcome.length;
  }

  /** null while the host does not answer. */
  async #cidOf(uri: string): Promise<string | null> {
    const params = { repo: this.#account.did, collection: POST, rkey: keyOf(uri) };
    try {
      return ((await xrpc(this.#origin, "com.atproto.repo.getRecord", { params })) as { cid: string }).cid;
    } catch {
      return null;
    }
  }

  async #untilBack(): Promise<void> {
    for (let tries = 0; tries < 1_000; tries++) {
      try {
        await xrpc(this.#origin, "_health");
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    throw new Error("the host did not come back");
  }

  #uri(collection: string, rkey: string): string {
    return `at://${this.#account.did}/${collection}/${rkey}`;
  }

  #key(): string {
    this.#keys++;
    return tidFromMicros(Date.now() * 1000 + (this.#keys % 1000), this.#clockId);
  }
}

const keyOf = (uri: string): string => uri.slice(uri.lastIndexOf("/") + 1);

const post = (text: string) => ({ $type: POST, text, createdAt: new Date().toISOString() });
