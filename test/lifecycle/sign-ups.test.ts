/** Sign-ups that meet each other, die, or come too late. */
import { createExecutionContext } from "cloudflare:test";
import type { Did, Handle } from "@atcute/lexicons";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { servicesOf } from "../../src/edge/services.ts";
import { DidResolver } from "../../src/identity/did.ts";
import { Directory } from "../../src/identity/directory.ts";
import { PlcClient } from "../../src/identity/plc/client.ts";
import { bringAccount, createAccount } from "../../src/lifecycle/create.ts";
import type { SettlingServices } from "../../src/lifecycle/services.ts";
import { settleDue } from "../../src/lifecycle/settle.ts";
import { Refusal } from "../../src/protocol/refusal.ts";
import { ORIGIN, bindings, join, xrpc } from "../support/account-host.ts";
import { refusalOf } from "../support/bindings.ts";
import { cutting } from "../support/cuts.ts";
import { kill } from "../support/object-access.ts";
import {
  assertAgreed,
  directory,
  isStored,
  letTimePass,
  services,
  sweepAll,
  toldOf,
  unsettledActs,
  wordsOf,
} from "./agreement.ts";

beforeEach(() => {
  for (const name of ["log", "warn", "error"] as const) vi.spyOn(console, name).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

let made = 0;

/** A DID that a member brings, with a handle to have here. */
const newcomer = (): { did: Did; handle: Handle; email: string; password: string } => {
  const name = `newcomer${made++}x${Math.floor(Math.random() * 1e6)}`;
  const did: Did = `did:web:${name}.example.com`;
  return { did, handle: `${name}.test`, email: `${name}@example.com`, password: `password of ${name}` };
};

const bring = (wanted: ReturnType<typeof newcomer>) =>
  bringAccount(servicesOf(new Request(ORIGIN), bindings, createExecutionContext()), wanted);

const signsIn = async ({ did, password }: { did: Did; password: string }) => {
  const input = { identifier: did, password };
  return (await xrpc("com.atproto.server.createSession", { input })).status === 200;
};

/** The account's services, where `before` happens before a call of the object is carried out. */
const withDelay = (method: "create" | "settle", before: () => Promise<void>): SettlingServices => ({
  ...services,
  account: (did) =>
    new Proxy(bindings.ACCOUNT.getByName(did), {
      get(stub, key) {
        const value: unknown = Reflect.get(stub, key, stub);
        if (typeof value !== "function") return value;
        return async (...given: unknown[]) => {
          if (key === method) await before();
          return Reflect.apply(value, stub, given) as unknown;
        };
      },
    }),
});

describe("two sign-ups for one DID", () => {
  test("make one account, which is that of the one that was told so", async () => {
    for (let round = 0; round < 5; round++) {
      const first = newcomer();
      const calls = [
        first,
        { ...first, password: "a double click" },
        { ...newcomer(), did: first.did, password: "another tab" },
      ];
      const outcomes = await Promise.allSettled(calls.map(bring));
      const winners = calls.filter((_, i) => outcomes[i]?.status === "fulfilled");
      expect(winners).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ error: "AlreadyExists" });
      }
      await sweepAll();
      const [winner] = winners;
      expect(winner === undefined ? null : await directory.find(winner.did)).toMatchObject({
        handle: winner?.handle,
        status: "deactivated",
      });
      expect(await Promise.all(calls.map(signsIn))).toEqual(calls.map((call) => call === winner));
      await assertAgreed(first.did);
    }
  });

  test("one for a handle that is taken undoes nothing of the other's", async () => {
    const { handle } = await join();
    const wanted = newcomer();
    await bring(wanted);
    const again = bring({ ...wanted, handle: handle as Handle, password: "other" });
    expect(await refusalOf(again)).toMatchObject({ error: "AlreadyExists" });
    expect(await signsIn(wanted)).toBe(true);
    await assertAgreed(wanted.did);
  });
});

describe("a sign-up that nobody finishes", () => {
  const in30Seconds = { ...services, directory: new Directory(bindings, () => Date.now() + 30_000) };

  /** Dies once the object is made, before it is listed. */
  const dead = async () => {
    const wanted = newcomer();
    const { calls } = await cutting({ at: 3, loses: "answer", kills: true }, () => bring(wanted));
    expect(calls).toEqual(["directory", "directory", "account.create"]);
    await kill(wanted.did);
    return wanted;
  };

  test("holds its names until its time is over, and the sweep leaves it alone until then", async () => {
    const { did } = await dead();
    expect(await settleDue(services)).toBe(0);
    expect((await directory.stage(did))?.state).toBe("reserved");
    expect(await settleDue(in30Seconds)).toBe(1);
    expect(await directory.stage(did)).toBeNull();
    await assertAgreed(did);
  });

  test("gives way to the next one that wants its handle, without a sweep", async () => {
    const { handle } = await dead();
    const input = { handle, email: `next-${handle}@example.com`, password: "the next one" };
    const early = await xrpc("com.atproto.server.createAccount", { input });
    expect(early.body).toMatchObject({ error: "HandleNotAvailable" });
    await letTimePass();
    expect((await xrpc("com.atproto.server.createAccount", { input })).status).toBe(200);
  });

  test("gives way to the next one for its DID", async () => {
    const wanted = await dead();
    expect(await refusalOf(bring(wanted))).toMatchObject({ error: "AlreadyExists" });
    await sweepAll();
    await bring({ ...wanted, password: "once more" });
    expect(await signsIn({ ...wanted, password: "once more" })).toBe(true);
    expect(await signsIn(wanted)).toBe(false);
  });

  test("waits for a registry that cannot be reached, and is settled once it can be", async () => {
    await join();
    const handle: Handle = `waiting${made++}.test`;
    const wanted = { handle, password: "patience", pds: ORIGIN };
    const { calls } = await cutting({ at: 3, loses: "answer", kills: true }, () =>
      createAccount(services, wanted),
    );
    expect(calls.at(-1)).toBe("outside");
    const [act] = (await unsettledActs()) as { did: Did }[];
    const did: Did = act?.did ?? "did:plc:none";
    await kill(did);
    const away = vi.spyOn(PlcClient.prototype, "lastOperation");
    away.mockRejectedValue(new Refusal("UpstreamFailure", "no route", 502));
    await letTimePass();
    expect(await settleDue(services)).toBe(0);
    expect(await directory.stage(did)).toMatchObject({ handle, state: "reserved" });
    expect(await toldOf(did)).toEqual([]);
    away.mockRestore();
    await sweepAll();
    expect(await directory.find(handle)).toMatchObject({ did, status: "active" });
    expect(wordsOf(await toldOf(did))).toEqual([`identity ${handle}`, "account active", "commit", "sync"]);
    await assertAgreed(did);
  });
});

describe("a sign-up that comes too late", () => {
  const sweepNow = async () => {
    await letTimePass();
    await settleDue(services);
  };

  test("makes nothing, if the sweep has undone it meanwhile", async () => {
    const wanted = newcomer();
    const late = bringAccount(withDelay("create", sweepNow), wanted);
    expect(await refusalOf(late)).toMatchObject({ error: "NotEnoughResources" });
    expect(await directory.stage(wanted.did)).toBeNull();
    await expect.poll(() => isStored(wanted.did)).toBe(false);
    await assertAgreed(wanted.did);
  });

  test("leaves the account alone that was made since for the same DID", async () => {
    const first = newcomer();
    const second = { ...first, password: "the second one" };
    const meanwhile = async () => {
      await sweepNow();
      await scheduler.wait(2);
      await bring(second);
    };
    const late = bringAccount(withDelay("create", meanwhile), first);
    expect(await refusalOf(late)).toMatchObject({ error: "AlreadyExists" });
    await sweepAll();
    expect([await signsIn(first), await signsIn(second)]).toEqual([false, true]);
    await assertAgreed(first.did);
  });

  test("is told that it is done, if the sweep has completed it meanwhile", async () => {
    const handle: Handle = `overtaken${made++}.test`;
    const wanted = { handle, password: "slow", pds: ORIGIN };
    const { plc } = services;
    const slow = Object.assign(Object.create(plc) as PlcClient, {
      createGenesis: (...given: Parameters<PlcClient["createGenesis"]>) => plc.createGenesis(...given),
      submit: async (...given: Parameters<PlcClient["submit"]>) => {
        await plc.submit(...given);
        await sweepNow();
      },
    });
    const { did } = await createAccount({ ...services, plc: slow }, wanted);
    expect(await signsIn({ did, password: "slow" })).toBe(true);
    await assertAgreed(did);
  });
});

test("a new member's document is remembered as the registry has it", async () => {
  const { did } = await join();
  const remembered = await directory.cache.document(did);
  const dids = new DidResolver(bindings, directory);
  expect(remembered?.value).toEqual(await dids.resolve(did, { fresh: true }));
});
