/** A member who changes their handle and state all the time, and another whom moderators cannot leave alone. */
import { XrpcError } from "../../../tools/dev/xrpc-client.ts";
import type { Caller, Life, Person, Seen } from "./life.ts";
import { UNKNOWN, tellingFaults } from "./life.ts";

/** What something may be, after calls that were not answered. The newest is last. */
class Possible<Value> {
  #values: Value[];

  constructor(value: Value) {
    this.#values = [value];
  }

  get newest(): Value | undefined {
    return this.#values.at(-1);
  }

  /** Notes the outcome of a call that makes it `value`. */
  after(answer: unknown, value: Value): void {
    this.#values = answer === UNKNOWN ? [...this.#values, value] : [value];
  }

  allows(value: Value): boolean {
    return this.#values.includes(value);
  }

  toString(): string {
    return this.#values.join(" or ");
  }
}

export class Changes implements Life {
  readonly #caller: Caller;
  readonly #person: Person;
  readonly #handle: Possible<string>;
  readonly #used: string[];
  readonly #isActive = new Possible(true);
  #steps = 0;

  private constructor(caller: Caller, person: Person) {
    this.#caller = caller;
    this.#person = person;
    this.#handle = new Possible(person.handle);
    this.#used = [person.handle];
  }

  static async begin(caller: Caller): Promise<Changes> {
    return new Changes(caller, await caller.surelySignUp("changer"));
  }

  async step(): Promise<void> {
    await (this.#steps++ % 2 === 0 ? this.#rename() : this.#turn());
  }

  async #rename(): Promise<void> {
    const handle = `${this.#caller.newName("renamed")}.test`;
    const { authorization } = this.#person;
    this.#used.push(handle);
    const call = { input: { handle }, authorization };
    this.#handle.after(await this.#caller.ask("com.atproto.identity.updateHandle", call), handle);
  }

  async #turn(): Promise<void> {
    const { authorization } = this.#person;
    const isActive = this.#isActive.newest !== true;
    const answer = isActive
      ? await this.#caller.ask("com.atproto.server.activateAccount", { procedure: true, authorization })
      : await this.#caller.ask("com.atproto.server.deactivateAccount", { input: {}, authorization });
    this.#isActive.after(answer, isActive);
  }

  async faults({ told }: Seen): Promise<string[]> {
    const { did } = this.#person;
    const faults: string[] = [];
    const status = await this.#caller.statusOf(did);
    if (status === null || !this.#isActive.allows(status === "active")) {
      faults.push(`state: ${did} is ${status}, active should be ${this.#isActive.toString()}`);
    }
    const handles: string[] = [];
    for (const handle of this.#used) if ((await this.#caller.resolve(handle)) === did) handles.push(handle);
    const [handle = "nothing"] = handles;
    if (handles.length !== 1) faults.push(`handle: ${did} has ${handles.join(" and ") || "none"}`);
    if (!this.#handle.allows(handle)) faults.push(`handle: ${handle}, not ${this.#handle.toString()}`);
    const document = await this.#caller.documentOf(did);
    if (document?.alsoKnownAs.join() !== `at://${handle}`) {
      faults.push(`handle: ${handle}, in the document ${document?.alsoKnownAs.join()}`);
    }
    faults.push(...tellingFaults(handle, told.get(did) ?? [], { status: status ?? "none", handle }));
    console.log(`${this.#steps} changes of handle and state`);
    return faults;
  }
}

export class Takedowns implements Life {
  readonly #caller: Caller;
  readonly #person: Person;
  readonly #post: { uri: string; cid: string };
  readonly #account = new Possible(false);
  readonly #record = new Possible(false);
  #steps = 0;

  private constructor(caller: Caller, person: Person, post: { uri: string; cid: string }) {
    this.#caller = caller;
    this.#person = person;
    this.#post = post;
  }

  static async begin(caller: Caller): Promise<Takedowns> {
    const person = await caller.surelySignUp("troublemaker");
    const { did, authorization } = person;
    const record = { $type: "app.bsky.feed.post", text: "trouble", createdAt: new Date().toISOString() };
    const input = { repo: did, collection: "app.bsky.feed.post", rkey: "3jzfcijpj2z2a", record };
    const post = await caller.surely("com.atproto.repo.createRecord", { input, authorization });
    return new Takedowns(caller, person, post as { uri: string; cid: string });
  }

  async step(): Promise<void> {
    const isRecord = this.#steps++ % 2 === 0;
    const subject = isRecord
      ? { $type: "com.atproto.repo.strongRef", ...this.#post }
      : { $type: "com.atproto.admin.defs#repoRef", did: this.#person.did };
    const possible = isRecord ? this.#record : this.#account;
    const applied = possible.newest !== true;
    const input = { subject, takedown: { applied } };
    possible.after(await this.#caller.asAdmin("com.atproto.admin.updateSubjectStatus", { input }), applied);
  }

  async faults({ told }: Seen): Promise<string[]> {
    const faults: string[] = [];
    const { did, handle } = this.#person;
    const isDown = await this.#isDown({ did });
    if (!this.#account.allows(isDown)) {
      faults.push(`takedown: the account's is ${isDown}, not ${this.#account.toString()}`);
    }
    const status = await this.#caller.statusOf(did);
    if ((status === "takendown") !== isDown) faults.push(`takedown: ${isDown}, but the repo is ${status}`);
    const profile = await this.#shows("app.bsky.actor.getProfile", { actor: did });
    if (profile === isDown) faults.push(`takedown: ${isDown}, but the index shows it: ${profile}`);
    faults.push(...tellingFaults(handle, told.get(did) ?? [], { status: status ?? "none", handle }));
    faults.push(...(await this.#recordFaults()));
    console.log(`${this.#steps} takedowns`);
    return faults;
  }

  /** With the account restored, the record's own takedown decides. */
  async #recordFaults(): Promise<string[]> {
    const { did } = this.#person;
    const { uri } = this.#post;
    const faults: string[] = [];
    const input = {
      subject: { $type: "com.atproto.admin.defs#repoRef", did },
      takedown: { applied: false },
    };
    await this.#caller.asAdmin("com.atproto.admin.updateSubjectStatus", { input });
    const isDown = await this.#isDown({ uri });
    if (!this.#record.allows(isDown)) {
      faults.push(`takedown: the record's is ${isDown}, not ${this.#record.toString()}`);
    }
    const [, , , collection, rkey] = uri.split("/");
    const isRead = await this.#shows("com.atproto.repo.getRecord", { repo: did, collection, rkey });
    if (isRead === isDown) faults.push(`takedown: ${isDown}, but the record is read: ${isRead}`);
    const found = (await this.#caller.surely("app.bsky.feed.getPosts", { params: { uris: [uri] } })) as {
      posts: unknown[];
    };
    if (found.posts.length === (isDown ? 1 : 0)) {
      faults.push(`takedown: ${isDown}, but the index has ${found.posts.length} of the record`);
    }
    return faults;
  }

  async #isDown(params: Record<string, string>): Promise<boolean> {
    const status = await this.#caller.asAdmin("com.atproto.admin.getSubjectStatus", { params });
    return (status as { takedown: { applied: boolean } }).takedown.applied;
  }

  async #shows(nsid: string, params: Record<string, unknown>): Promise<boolean> {
    try {
      await this.#caller.surely(nsid, { params });
      return true;
    } catch (thrown) {
      if (thrown instanceof XrpcError && thrown.status === 400) return false;
      throw thrown;
    }
  }
}
