/** People who sign up, and people who leave for good. */
import type { Caller, Life, Person, Seen } from "./life.ts";
import { UNKNOWN, pause, tellingFaults } from "./life.ts";

/** Milliseconds between two newcomers, so that they do not outnumber the kills by far. */
const PACE = 150;

/** A sign-up that was answered is there. One that was not is there as a whole, or its names are free. */
export class SignUps implements Life {
  readonly #caller: Caller;
  readonly #made: Person[] = [];
  readonly #unknown: string[] = [];

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async step(): Promise<void> {
    const name = this.#caller.newName("newcomer");
    const person = await this.#caller.signUp(name);
    if (person === UNKNOWN) this.#unknown.push(name);
    else this.#made.push(person);
    await pause(PACE);
  }

  async faults(seen: Seen): Promise<string[]> {
    const faults: string[] = [];
    let there = 0;
    for (const person of this.#made) faults.push(...(await this.#faultsOf(person, seen)));
    for (const name of this.#unknown) {
      const person = await this.#caller.signIn(`${name}.test`, `password of ${name}`);
      if (person !== null) {
        there++;
        faults.push(...(await this.#faultsOf(person, seen)));
      } else {
        await this.#caller
          .signUp(name)
          .catch((thrown: unknown) => faults.push(`sign-up: ${name}.test is stuck: ${String(thrown)}`));
      }
    }
    console.log(
      `${this.#made.length} sign-ups, and ${this.#unknown.length} unknown, of which ${there} went well`,
    );
    return faults;
  }

  async #faultsOf(person: Person, { told }: Seen): Promise<string[]> {
    const { did, handle, password } = person;
    const caller = this.#caller;
    if ((await caller.signIn(handle, password)) === null) return [`sign-up: ${handle} is lost`];
    const faults = [];
    if ((await caller.statusOf(did)) !== "active") faults.push(`sign-up: ${handle} is not active`);
    if ((await caller.resolve(handle)) !== did) faults.push(`sign-up: ${handle} does not resolve`);
    const words = (told.get(did) ?? []).join(", ");
    if (words !== `identity ${handle}, account active, commit, sync`) {
      faults.push(`firehose: of ${handle} was told: ${words}`);
    }
    return faults;
  }
}

/** A deletion that was answered is complete. One that was not is complete, or has not begun. */
export class Deletions implements Life {
  readonly #caller: Caller;
  readonly #gone: Person[] = [];
  readonly #unknown: Person[] = [];
  #turn = 0;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async step(): Promise<void> {
    const person = await this.#caller.surelySignUp("leaver");
    await this.#upload(person);
    const gone = await (this.#turn++ % 2 === 0 ? this.#byAdmin(person) : this.#byMember(person));
    (gone === UNKNOWN ? this.#unknown : this.#gone).push(person);
    await pause(PACE);
  }

  async #upload({ authorization }: Person): Promise<void> {
    const input = crypto.getRandomValues(new Uint8Array(1000));
    await this.#caller.surely("com.atproto.repo.uploadBlob", { input, type: "image/png", authorization });
  }

  #byAdmin({ did }: Person): Promise<unknown> {
    return this.#caller.asAdmin("com.atproto.admin.deleteAccount", { input: { did } });
  }

  async #byMember({ did, handle, password, authorization }: Person): Promise<unknown> {
    const call = { authorization, procedure: true };
    await this.#caller.surely("com.atproto.server.requestAccountDelete", call);
    const token = await this.#caller.attempt(() =>
      this.#caller.codeFor(`${handle.replace(".test", "")}@example.test`),
    );
    if (token === UNKNOWN) return UNKNOWN;
    return this.#caller.ask("com.atproto.server.deleteAccount", { input: { did, password, token } });
  }

  async faults(seen: Seen): Promise<string[]> {
    const faults: string[] = [];
    let gone = 0;
    for (const person of this.#gone) faults.push(...(await this.#faultsOfGone(person, seen)));
    for (const person of this.#unknown) {
      const status = await this.#caller.statusOf(person.did);
      if (status === null) {
        gone++;
        faults.push(...(await this.#faultsOfGone(person, seen)));
      } else {
        const { handle, password, did } = person;
        if ((await this.#caller.signIn(handle, password)) === null)
          faults.push(`deletion: ${handle} is half gone`);
        faults.push(...tellingFaults(handle, seen.told.get(did) ?? [], { status, handle }));
      }
    }
    console.log(
      `${this.#gone.length} deletions, and ${this.#unknown.length} unknown, of which ${gone} are complete`,
    );
    return faults;
  }

  async #faultsOfGone({ did, handle, password }: Person, { told }: Seen): Promise<string[]> {
    const caller = this.#caller;
    const faults = [];
    const ends = (told.get(did) ?? []).filter((each) => each === "account deleted");
    if (ends.length !== 1) faults.push(`firehose: ${handle} was deleted ${ends.length} times`);
    if ((await caller.statusOf(did)) !== null) faults.push(`deletion: ${handle} still has a repo`);
    if ((await caller.signIn(handle, password)) !== null) faults.push(`deletion: ${handle} still signs in`);
    await caller
      .signUp(handle.replace(".test", ""))
      .catch((thrown: unknown) => faults.push(`deletion: ${handle} is not free: ${String(thrown)}`));
    return faults;
  }
}
