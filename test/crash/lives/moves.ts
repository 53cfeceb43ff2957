/**
 * People who move in: a DID from elsewhere, an account for it, an archive, a new document, activation. A step that
 * was not answered is done again, as an app would. Every move comes to its end, with every record.
 */
import type { Did, Handle } from "@atcute/lexicons";
import { Secp256k1Keypair } from "@atproto/crypto";
import { signServiceJwt } from "../../../src/account/jwt.ts";
import type { PlcOperation } from "../../../src/identity/plc/operation.ts";
import { createGenesis, createUpdate } from "../../../src/identity/plc/operation.ts";
import { tidFromMicros } from "../../../src/protocol/tid.ts";
import { XrpcError } from "../../../tools/dev/xrpc-client.ts";
import { archiveOf } from "../../support/archive.ts";
import { readRepo } from "../observed.ts";
import type { Caller, Life, Person, Seen } from "./life.ts";
import { UNKNOWN, pause, tellingFaults } from "./life.ts";

const RECORDS = 30;
/** Milliseconds until a step that has to wait for an earlier one is tried again. */
const PATIENCE = 500;
const POST = "app.bsky.feed.post";

interface Mover {
  did: Did;
  handle: Handle;
  password: string;
  key: Secp256k1Keypair;
  /** The newest operation of the DID. */
  last: PlcOperation;
  /** Texts by path. */
  texts: Map<string, string>;
  person: Person | null;
  done: "nothing" | "account" | "archive" | "document" | "all";
}

export class Moves implements Life {
  readonly #caller: Caller;
  readonly #hostDid: string;
  readonly #moved: Mover[] = [];
  #mover: Mover | null = null;

  constructor(caller: Caller, hostDid: string) {
    this.#caller = caller;
    this.#hostDid = hostDid;
  }

  async step(): Promise<void> {
    this.#mover ??= await this.#newMover();
    await this.#goOn(this.#mover);
    if (this.#mover.done !== "all") return;
    this.#moved.push(this.#mover);
    this.#mover = null;
  }

  async finish(): Promise<void> {
    while (this.#mover !== null) await this.step();
  }

  async #newMover(): Promise<Mover> {
    const name = this.#caller.newName("mover");
    const key = await Secp256k1Keypair.create({ exportable: true });
    const handle: Handle = `${name}.test`;
    const { did, operation } = await createGenesis(
      { signingKey: key.did(), rotationKeys: [key.did()], handle, pds: "https://elsewhere.example.com" },
      key,
    );
    const texts = new Map<string, string>();
    for (let i = 0; i < RECORDS; i++) {
      texts.set(`${POST}/${tidFromMicros(1_700_000_000_000_000 + i, 1)}`, `${name} ${i}`);
    }
    const mover: Mover = {
      did,
      handle,
      password: `password of ${name}`,
      key,
      last: operation,
      texts,
      person: null,
      done: "nothing",
    };
    while (!(await this.#submit(mover, operation))) await pause(PATIENCE);
    return mover;
  }

  /** Whether the PLC directory has the operation now. */
  async #submit({ did }: Mover, operation: PlcOperation): Promise<boolean> {
    try {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify(operation);
      const { ok } = await fetch(`${this.#caller.outside}/${did}`, { method: "POST", headers, body });
      if (ok) return true;
      const last = await fetch(`${this.#caller.outside}/${did}/log/last`);
      return ((await last.json()) as PlcOperation).sig === operation.sig;
    } catch {
      await this.#caller.untilBack();
      return false;
    }
  }

  async #goOn(mover: Mover): Promise<void> {
    switch (mover.done) {
      case "nothing":
        return this.#comeIn(mover);
      case "account":
        return this.#bringRecords(mover);
      case "archive":
        return this.#pointHere(mover);
      default:
        return this.#activate(mover);
    }
  }

  async #comeIn(mover: Mover): Promise<void> {
    const { did, handle, password, key } = mover;
    const claims = {
      iss: did,
      aud: this.#hostDid,
      lxm: "com.atproto.server.createAccount",
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 60,
      jti: crypto.randomUUID(),
    };
    const authorization = `Bearer ${await signServiceJwt(claims, await key.export())}`;
    const input = { did, handle, email: `${handle.replace(".test", "")}@example.test`, password };
    try {
      const answer = await this.#caller.ask("com.atproto.server.createAccount", { input, authorization });
      if (answer === UNKNOWN) return;
    } catch (thrown) {
      // What an attempt that died still holds is free within a minute, if it did not go well.
      if (!(thrown instanceof XrpcError) || thrown.status !== 400) throw thrown;
      await pause(PATIENCE);
    }
    mover.person = await this.#caller.signIn(did, password);
    if (mover.person !== null) mover.done = "account";
  }

  async #bringRecords(mover: Mover): Promise<void> {
    const createdAt = "2026-01-01T00:00:00.000Z";
    const records = [...mover.texts].map(([path, text]) => [path, { $type: POST, text, createdAt }] as const);
    const call = {
      input: archiveOf(mover.did, Object.fromEntries(records)),
      type: "application/vnd.ipld.car",
      authorization: mover.person?.authorization ?? "",
    };
    try {
      if ((await this.#caller.ask("com.atproto.repo.importRepo", call)) !== UNKNOWN) mover.done = "archive";
    } catch (thrown) {
      // An import that was cut is still under way, until the account has finished or dropped it.
      if (!(thrown instanceof XrpcError) || !thrown.message.includes("in progress")) throw thrown;
      await pause(PATIENCE);
    }
  }

  async #pointHere(mover: Mover): Promise<void> {
    const { authorization } = mover.person ?? { authorization: "" };
    const nsid = "com.atproto.identity.getRecommendedDidCredentials";
    const wanted = (await this.#caller.surely(nsid, { authorization })) as Omit<PlcOperation, "prev" | "sig">;
    const operation = await createUpdate(mover.last, mover.key, (state) => ({
      ...state,
      ...wanted,
      rotationKeys: [mover.key.did(), ...wanted.rotationKeys],
    }));
    if (await this.#submit(mover, operation)) mover.done = "document";
  }

  async #activate(mover: Mover): Promise<void> {
    const { authorization } = mover.person ?? { authorization: "" };
    const call = { procedure: true, authorization };
    const answer = await this.#caller.ask("com.atproto.server.activateAccount", call);
    if (answer !== UNKNOWN) mover.done = "all";
  }

  async faults({ told }: Seen): Promise<string[]> {
    const faults: string[] = [];
    for (const { did, handle, texts } of this.#moved) {
      const status = (await this.#caller.statusOf(did)) ?? "none";
      if (status !== "active") faults.push(`move: ${handle} is ${status}`);
      const repo = await readRepo(this.#caller.origin, this.#caller.outside, did);
      for (const [path, text] of texts) {
        const is = repo.texts.get(`at://${did}/${path}`);
        if (is !== text) faults.push(`move: ${path} of ${handle} is ${is}`);
      }
      if (repo.texts.size !== texts.size) faults.push(`move: ${handle} has ${repo.texts.size} records`);
      const feed = (await this.#caller.surely("app.bsky.feed.getAuthorFeed", {
        params: { actor: did, limit: 100 },
      })) as { feed: unknown[] };
      if (feed.feed.length !== texts.size) faults.push(`move: ${handle} shows ${feed.feed.length} posts`);
      faults.push(...tellingFaults(handle, told.get(did) ?? [], { status, handle }));
    }
    console.log(`${this.#moved.length} moves`);
    return faults;
  }
}
