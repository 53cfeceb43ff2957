/**
 * An account's beginning and end, cut short between any two steps: the worker dies, a call is lost, or an
 * answer is lost. The alarm of the account's object then completes the work.
 */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { Did, Handle } from "@atcute/lexicons";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { DidResolver } from "../../src/identity/did.ts";
import { Directory } from "../../src/identity/directory.ts";
import { HandleResolver } from "../../src/identity/handle.ts";
import { PlcClient } from "../../src/identity/plc/client.ts";
import { createAccount } from "../../src/lifecycle/create.ts";
import type { LifecycleServices } from "../../src/lifecycle/services.ts";
import { deleteAccount } from "../../src/lifecycle/states.ts";
import { decodeFrame } from "../../src/protocol/event-frames.ts";
import { SEQUENCER_NAME } from "../../src/protocol/stations.ts";
import { ADMIN, ORIGIN, asAdmin, bindings, join, post, xrpc } from "../support/account-host.ts";

beforeAll(() => {
  for (const name of ["log", "warn", "error"] as const) vi.spyOn(console, name).mockImplementation(() => {});
});
afterAll(() => {
  vi.restoreAllMocks();
});

/** How one call of a station fails. */
interface Cut {
  /** Number of the call that fails, counted from 1; 0: none. */
  at: number;
  /** `call`: the call never arrives. `answer`: it is carried out, but the caller never learns of it. */
  lost: "call" | "answer";
  /** Whether the worker dies of it, so that it makes no later call either. */
  dies: boolean;
}

class Cutting {
  readonly calls: string[] = [];
  readonly #cut: Cut;
  #dead = false;

  constructor(cut: Cut) {
    this.#cut = cut;
  }

  /** Wraps a station: each of its calls is counted and may fail. */
  through<Station extends object>(name: string, station: Station): Station {
    return new Proxy(station, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return async (...given: unknown[]) => {
          if (this.#dead) throw new Error("the worker is dead");
          this.calls.push(`${name}.${String(key)}`);
          const isCut = this.calls.length === this.#cut.at;
          if (isCut && this.#cut.dies) this.#dead = true;
          if (isCut && this.#cut.lost === "call") throw new Error(`lost: ${name}.${String(key)}`);
          const answer: unknown = await Reflect.apply(value, target, given);
          if (isCut) throw new Error(`no answer: ${name}.${String(key)}`);
          return answer;
        };
      },
    });
  }

  services(): LifecycleServices {
    const directory = new Directory(bindings);
    const dids = new DidResolver(bindings, directory);
    return {
      directory: this.through("directory", directory),
      dids,
      handles: new HandleResolver(bindings, directory, dids, [".test"]),
      plc: this.through("plc", new PlcClient(bindings, directory)),
      account: (did) => this.through("account", bindings.ACCOUNT.getByName(did)),
    };
  }
}

const stubOf = (did: Did) => bindings.ACCOUNT.getByName(did) as never as DurableObjectStub;

/** Restarts the object; it loses what it had in memory and not yet stored. */
async function crash(did: Did): Promise<void> {
  await runInDurableObject(stubOf(did), (_, state) => state.abort("crash")).catch(() => {});
}

/** Crashes the object, then lets time pass. */
async function crashAndWait(did: Did): Promise<void> {
  await crash(did);
  for (let rings = 0; rings < 5; rings++) if (!(await runDurableObjectAlarm(stubOf(did)))) return;
}

const isStored = (did: Did): Promise<boolean> =>
  runInDurableObject(stubOf(did), (_, { storage: { sql } }) => {
    const tables = sql
      .exec("SELECT name FROM sqlite_schema WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
      .toArray();
    return tables.length > 0;
  });

/** The events that consumers got about an account. */
const toldOf = (did: Did): Promise<string[]> =>
  runInDurableObject(
    bindings.SEQUENCER.getByName(SEQUENCER_NAME) as never as DurableObjectStub,
    (_, { storage }) =>
      storage.sql
        .exec<{ frame: ArrayBuffer }>("SELECT frame FROM event WHERE did = ? ORDER BY seq", did)
        .toArray()
        .map(({ frame }) => {
          const event = decodeFrame(new Uint8Array(frame));
          return event.kind === "account" ? `account ${event.status ?? "active"}` : event.kind;
        }),
  );

async function isRegistered(did: Did): Promise<boolean> {
  const response = await bindings.OUTSIDE?.fetch(new Request(`http://plc.local/${did}`));
  await response?.body?.cancel();
  return response?.status === 200;
}

async function inviteUses(code: string): Promise<number> {
  const row = await bindings.DIRECTORY.prepare("SELECT count(*) AS n FROM invite_use WHERE code = ?")
    .bind(code)
    .first<{ n: number }>();
  return row?.n ?? -1;
}

const directory = new Directory(bindings);
const CUTS = (["call", "answer"] as const).flatMap((lost) => [true, false].map((dies) => ({ lost, dies })));
let names = 0;

describe("an account's creation", () => {
  /** Creates an account with a cut; returns, among others, the DID that it was to have. */
  async function create(cut: Cut, password?: string) {
    const handle: Handle = `saga${names++}x.test`;
    const { body } = await asAdmin("com.atproto.server.createInviteCode", { input: { useCount: 1 } });
    const inviteCode = String(body.code);
    const cutting = new Cutting(cut);
    const services = cutting.services();
    let did: Did | null = null;
    const accountOf = services.account.bind(services);
    services.account = (of) => {
      did = of;
      return accountOf(of);
    };
    const wanted = {
      handle,
      email: `${handle}@example.com`,
      password,
      inviteCode,
      pds: ORIGIN,
    };
    const outcome = await createAccount(services, wanted).then(
      () => "made" as const,
      () => "failed" as const,
    );
    return { handle, inviteCode, wanted, outcome, did: did as Did | null, calls: cutting.calls };
  }

  async function assertThere(did: Did, handle: Handle): Promise<void> {
    expect(await directory.find(handle)).toMatchObject({ did, status: "active" });
    expect(await toldOf(did)).toEqual(["identity", "account active", "commit", "sync"]);
    expect(await bindings.ACCOUNT.getByName(did).pending()).toEqual({
      unsent: 0,
      saga: null,
      destroying: false,
    });
    expect(await bindings.ACCOUNT.getByName(did).getRepoStatus()).toMatchObject({ active: true });
  }

  async function assertNothing(did: Did | null, handle: Handle, inviteCode: string): Promise<void> {
    expect(await directory.findByHandle(handle)).toBeNull();
    expect(await inviteUses(inviteCode)).toBe(0);
    if (did === null) return;
    expect(await directory.stage(did)).toBeNull();
    expect(await isStored(did)).toBe(false);
    expect(await toldOf(did)).toEqual([]);
  }

  let steps: string[];
  beforeAll(async () => {
    const { did, handle, outcome, calls } = await create({ at: 0, lost: "call", dies: false });
    expect(outcome).toBe("made");
    if (did !== null) await assertThere(did, handle);
    steps = calls;
  });

  test("takes the steps that are cut below", () => {
    expect(steps).toEqual([
      "plc.createGenesis",
      "account.create",
      "directory.reserve",
      "account.setSaga",
      "plc.submit",
      "directory.activate",
      "account.activate",
      "account.setSaga",
    ]);
  });

  test("remembers the document that the registry has from then on", async () => {
    const { did } = await create({ at: 0, lost: "call", dies: false });
    if (did === null) throw new Error("no account");
    const remembered = await directory.cache.document(did);
    const dids = new DidResolver(bindings, directory);
    expect(remembered?.value).toEqual(await dids.resolve(did, { fresh: true }));
  });

  for (const { lost, dies } of CUTS) {
    const how = `${lost === "call" ? "a call" : "an answer"} is lost${dies ? " and the worker dies" : ""}`;
    test(`is whole or undone, wherever ${how}`, async () => {
      const ends: string[] = [];
      for (let at = 1; at <= steps.length; at++) {
        const { did, handle, inviteCode, wanted, outcome } = await create({ at, lost, dies });
        if (did !== null) await crashAndWait(did);
        const registered = did !== null && (await isRegistered(did));
        ends.push(registered ? "there" : "undone");
        if (did !== null && registered) await assertThere(did, handle);
        else {
          expect(outcome).toBe("failed");
          await assertNothing(did, handle, inviteCode);
          if (!dies) continue;
          // The name, the e-mail address and the invite are free again.
          const again = await createAccount(new Cutting({ at: 0, lost, dies }).services(), wanted);
          await assertThere(again.did, handle);
        }
      }
      // Registration is the fifth step. A saga cut before it is undone, one cut after it is completed.
      const turn = lost === "call" ? 5 : 4;
      expect(ends).toEqual(steps.map((_, i) => (i < turn ? "undone" : "there")));
    });
  }

  test("that waits for a registry which cannot be reached is settled once it can be", async () => {
    const { did, handle, outcome } = await create({ at: 5, lost: "answer", dies: true });
    expect([outcome, did === null]).toEqual(["failed", false]);
    if (did === null) return;
    await crash(did);
    const away = vi.spyOn(PlcClient.prototype, "lastOperation").mockRejectedValue(new Error("no route"));
    await runDurableObjectAlarm(stubOf(did));
    expect(await directory.stage(did)).toMatchObject({ handle, state: "reserved" });
    expect(await toldOf(did)).toEqual([]);
    away.mockRestore();
    await crashAndWait(did);
    await assertThere(did, handle);
  });

  test("that was taken up after its member had left for a while leaves them away", async () => {
    const { did, handle } = await create({ at: 8, lost: "call", dies: true }, "secret of a saga");
    if (did === null) throw new Error("no account");
    const input = { identifier: handle, password: "secret of a saga" };
    const { body } = await xrpc("com.atproto.server.createSession", { input });
    const auth = `Bearer ${String(body.accessJwt)}`;
    expect((await xrpc("com.atproto.server.deactivateAccount", { auth, input: {} })).status).toBe(200);
    await crashAndWait(did);
    expect(await directory.find(did)).toMatchObject({ status: "deactivated" });
    expect((await toldOf(did)).at(-1)).toBe("account deactivated");
    expect(await bindings.ACCOUNT.getByName(did).pending()).toMatchObject({ saga: null });
  });
});

describe("an account's deletion", () => {
  async function populated() {
    const member = await join();
    const upload = await bindings.BLOBS.list();
    const before = upload.objects.length;
    const record = {
      $type: "app.bsky.feed.post",
      text: "to be forgotten",
      createdAt: new Date().toISOString(),
    };
    const input = { repo: member.did, collection: "app.bsky.feed.post", record };
    await xrpc("com.atproto.repo.createRecord", { auth: member.auth, input });
    return { ...member, before };
  }

  const STEPS = ["account.setSaga", "directory.remove", "account.destroy"];

  test("takes the steps that are cut below", async () => {
    const { did, handle } = await populated();
    const cutting = new Cutting({ at: 0, lost: "call", dies: false });
    await deleteAccount(cutting.services(), did);
    await crashAndWait(did);
    expect(cutting.calls).toEqual(STEPS);
    expect([await directory.stage(did), await isStored(did)]).toEqual([null, false]);
    expect(await toldOf(did)).toEqual(["account deleted"]);
    expect(await join(handle.replace(".test", ""))).toMatchObject({ handle });
  });

  for (const { lost, dies } of CUTS) {
    const how = `${lost === "call" ? "a call" : "an answer"} is lost${dies ? " and the worker dies" : ""}`;
    test(`is carried to its end or not begun, wherever ${how}`, async () => {
      const ends: string[] = [];
      for (let at = 1; at <= STEPS.length; at++) {
        const { did, handle } = await populated();
        await deleteAccount(new Cutting({ at, lost, dies }).services(), did).catch(() => {});
        await crashAndWait(did);
        if (await isStored(did)) {
          expect(await directory.find(handle)).toMatchObject({ did, status: "active" });
          ends.push("there");
          continue;
        }
        expect(await directory.stage(did)).toBeNull();
        expect(await toldOf(did)).toEqual(["account deleted"]);
        expect((await xrpc("com.atproto.sync.getRepo", { params: { did } })).body.error).toBe("RepoNotFound");
        expect(await join(handle.replace(".test", ""))).toMatchObject({ handle });
        ends.push("gone");
      }
      expect(ends).toEqual(lost === "call" ? ["there", "gone", "gone"] : ["gone", "gone", "gone"]);
    });
  }

  test("whose announcement nobody takes is kept until somebody does", async () => {
    const { did } = await populated();
    const object = bindings.SEQUENCER.getByName(SEQUENCER_NAME) as never as DurableObjectStub;
    const away = await runInDurableObject(object, (instance) => {
      const sequencer = instance as never as { append(): Promise<never> };
      const spy = vi.spyOn(sequencer, "append").mockRejectedValue(new Error("away"));
      return () => spy.mockRestore();
    });
    await deleteAccount(new Cutting({ at: 0, lost: "call", dies: false }).services(), did);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await isStored(did)).toBe(true);
    expect((await xrpc("com.atproto.sync.getRepo", { params: { did } })).body.error).toBe("RepoNotFound");
    away();
    await crashAndWait(did);
    expect(await isStored(did)).toBe(false);
    expect(await toldOf(did)).toEqual(["account deleted"]);
  });

  test("by the admin is asked for twice and happens once", async () => {
    const { did } = await populated();
    const call = { auth: ADMIN, input: { did } };
    const answers = await Promise.all([
      xrpc("com.atproto.admin.deleteAccount", call),
      xrpc("com.atproto.admin.deleteAccount", call),
    ]);
    for (const { status } of answers) expect(status).toBeLessThan(500);
    await crashAndWait(did);
    expect(await toldOf(did)).toEqual(["account deleted"]);
    expect((await post("com.atproto.server.activateAccount", { auth: "Bearer none" })).status).toBe(400);
  });
});
