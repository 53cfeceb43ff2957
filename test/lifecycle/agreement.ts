/** Whether all stations say the same of an account. */
import { runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import type { Did } from "@atcute/lexicons";
import { expect } from "vitest";
import { Directory } from "../../src/identity/directory.ts";
import { settlingServices } from "../../src/lifecycle/services.ts";
import { settleDue } from "../../src/lifecycle/settle.ts";
import { decodeFrame } from "../../src/protocol/event-frames.ts";
import type { RepoEvent } from "../../src/protocol/events.ts";
import type { AppViewStation } from "../../src/protocol/stations.ts";
import { SEQUENCER_NAME } from "../../src/protocol/stations.ts";
import { bindings } from "../support/account-host.ts";
import { ring, rowsOf } from "../support/object-access.ts";

export const directory = new Directory(bindings);

const { AppView } = exports as unknown as { AppView: AppViewStation };
export const services = settlingServices(bindings, AppView);

/** Lets the time pass after which the sweep takes acts up. */
export async function letTimePass(): Promise<void> {
  await bindings.DIRECTORY.prepare("UPDATE unsettled SET due = 0 WHERE kind <> 'depart'").run();
}

/** Lets time pass and the sweep come, until nothing is left. Throws if something is stuck. */
export async function sweepAll(): Promise<void> {
  for (let pass = 0; pass < 5; pass++) {
    await letTimePass();
    await settleDue(services);
    if ((await unsettledActs()).length === 0) return;
  }
  throw new Error(`stuck: ${JSON.stringify(await unsettledActs())}`);
}

export async function unsettledActs(): Promise<unknown[]> {
  const { results } = await bindings.DIRECTORY.prepare(
    "SELECT * FROM unsettled WHERE kind <> 'depart'",
  ).all();
  return results;
}

export const isStored = async (did: Did): Promise<boolean> =>
  (await rowsOf(did, "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'account'")).length > 0;

/** The events that consumers got about an account. */
export async function toldOf(did: Did): Promise<RepoEvent[]> {
  const sequencer = bindings.SEQUENCER.getByName(SEQUENCER_NAME) as never as DurableObjectStub;
  const frames = await runInDurableObject(sequencer, (_, { storage }) =>
    storage.sql
      .exec<{ frame: ArrayBuffer }>("SELECT frame FROM event WHERE did = ? ORDER BY seq", did)
      .toArray()
      .map(({ frame }) => new Uint8Array(frame)),
  );
  return frames.map((frame) => decodeFrame(frame));
}

/** `identity alice.test`, `account deactivated`, `commit`, `sync` */
export const wordsOf = (events: RepoEvent[]): string[] =>
  events.map((event) => {
    if (event.kind === "account") return `account ${event.status ?? "active"}`;
    return event.kind === "identity" ? `identity ${event.handle ?? ""}`.trim() : event.kind;
  });

export async function documentOf(did: Did): Promise<{ alsoKnownAs: string[] } | null> {
  const response = await bindings.OUTSIDE?.fetch(new Request(`http://plc.local/${did}`));
  const body: { alsoKnownAs: string[] } | undefined = await response?.json();
  return response?.status === 200 && body !== undefined ? body : null;
}

const objectsOf = async (did: Did) => (await bindings.BLOBS.list({ prefix: `${did}/` })).objects;

async function isTakenDownInIndex(subject: string): Promise<boolean> {
  const row = await bindings.APPVIEW_DB.prepare("SELECT 1 FROM takedown WHERE subject = ?")
    .bind(subject)
    .first();
  return row !== null;
}

/** Nothing is unsettled, every station says what the directory says, and nobody was told anything twice. */
export async function assertAgreed(did: Did): Promise<void> {
  expect(await unsettledActs()).toEqual([]);
  await ring(did);
  const row = await directory.stage(did);
  const told = wordsOf(await toldOf(did));
  const states = told.filter((each) => each.startsWith("account "));
  expect(states.filter((each, i) => each === states[i - 1])).toEqual([]);
  if (row === null) {
    expect(await isStored(did)).toBe(false);
    expect(await objectsOf(did)).toEqual([]);
    expect(["account deleted", undefined]).toContain(states.at(-1));
    return;
  }
  const status = await bindings.ACCOUNT.getByName(did).getRepoStatus();
  expect(status.active ? "active" : status.status).toBe(row.status);
  expect(await isTakenDownInIndex(did)).toBe(row.takedown !== null);
  if (states.length > 0) {
    expect(states.at(-1)).toBe(`account ${row.status}`);
    expect(told.findLast((each) => each.startsWith("identity "))).toBe(`identity ${row.handle}`);
  }
  if (did.startsWith("did:plc:"))
    expect((await documentOf(did))?.alsoKnownAs).toEqual([`at://${row.handle}`]);
}

/** Record and blob: object and index say what the directory says. */
export async function assertSubjectAgreed(did: Did, subject: string, inObject: boolean): Promise<void> {
  const row = await bindings.DIRECTORY.prepare("SELECT 1 FROM subject_status WHERE did = ? AND subject = ?")
    .bind(did, subject)
    .first();
  expect(inObject).toBe(row !== null);
  const name = subject.startsWith("at://") ? subject : `${did}/${subject}`;
  expect(await isTakenDownInIndex(name)).toBe(row !== null);
}
