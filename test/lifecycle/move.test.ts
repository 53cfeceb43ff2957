/** The host gets another address: every member's identity follows, whatever dies on the way. */
import { createExecutionContext } from "cloudflare:test";
import type { Did } from "@atcute/lexicons";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keepSettings, readKept } from "../../schema/kept-settings.ts";
import { PlcClient } from "../../src/identity/plc/client.ts";
import { MEMBERS_A_MINUTE, followAddress, moveHost, readMove } from "../../src/lifecycle/host/move.ts";
import { settleDue } from "../../src/lifecycle/settle.ts";
import { Refusal } from "../../src/protocol/refusal.ts";
import type { Bindings } from "../../src/protocol/stations.ts";
import worker from "../../src/worker.ts";
import { HOST_DID, ORIGIN, asAdmin, bindings, join } from "../support/account-host.ts";
import { directory, documentOf, letTimePass, services, toldOf, wordsOf } from "./agreement.ts";

const NEW = "https://pds.lagoon.dev";
/** The host as it was set up in its pages: the environment sets no address. */
const env: Bindings = { ...bindings, PUBLIC_URL: ORIGIN, FORMER_URLS: "", FIXED: ["HANDLE_DOMAINS"] };

const moveProgress = async () => (await readMove(env)).progress;

const pdsOf = async (did: Did) => {
  const document = (await documentOf(did)) as { service?: { serviceEndpoint: string }[] } | null;
  return document?.service?.[0]?.serviceEndpoint;
};
const identitiesToldOf = async (did: Did) =>
  wordsOf(await toldOf(did)).filter((word) => word.startsWith("identity")).length;

async function pass(): Promise<void> {
  await letTimePass();
  await settleDue(services);
}

/** Passes until nothing waits. */
async function passAll(): Promise<void> {
  for (let i = 0; i < 20 && (await moveProgress()) !== null; i++) await pass();
}

beforeEach(async () => {
  for (const name of ["log", "warn", "error"] as const) vi.spyOn(console, name).mockImplementation(() => {});
  await bindings.DIRECTORY.prepare("DELETE FROM unsettled").run();
});
afterEach(async () => {
  vi.restoreAllMocks();
  // Not past the settings' own way: this isolate would go on with its copy.
  await keepSettings(bindings, { PUBLIC_URL: null, FORMER_URLS: null, HANDLE_DOMAINS: null });
});

test("settings and act are one: from then on the host has both addresses, and its handles", async () => {
  await moveHost({ ...env, HANDLE_DOMAINS: "", FIXED: [] }, "admin", NEW);
  expect(await readKept(bindings)).toEqual({
    PUBLIC_URL: NEW,
    FORMER_URLS: ORIGIN,
    HANDLE_DOMAINS: `.${new URL(ORIGIN).hostname}`,
  });
  expect(await moveProgress()).toMatchObject({ moved: 0, passed: 0 });
  // No pass comes while somebody may still go by the address before.
  expect(await directory.unsettled.takeUp(20)).toEqual([]);
});

test("every member’s identity follows, with progress, and others are told once", async () => {
  const members = await Promise.all(Array.from({ length: 10 }, () => join()));
  const before = await Promise.all(members.map(({ did }) => identitiesToldOf(did as Did)));
  await moveHost(env, "admin", NEW);
  await pass();
  const progress = await moveProgress();
  expect(progress?.moved).toBe(MEMBERS_A_MINUTE / 4);
  expect(progress?.left).toBeGreaterThanOrEqual(6);
  await passAll();
  for (const [i, { did }] of members.entries()) {
    expect(await pdsOf(did as Did)).toBe(NEW);
    expect((await documentOf(did as Did))?.alsoKnownAs).toHaveLength(1);
    expect(await identitiesToldOf(did as Did)).toBe((before[i] ?? 0) + 1);
  }
  const last = await bindings.DIRECTORY.prepare(
    "SELECT detail FROM audit_log WHERE action = 'moveHostDone' ORDER BY id DESC LIMIT 1",
  ).first<string>("detail");
  expect(JSON.parse(last ?? "{}")).toMatchObject({ to: NEW });
});

test("what dies on the way is taken up where it was, whether or not the registry had taken it", async () => {
  const members = await Promise.all(Array.from({ length: 6 }, () => join()));
  await moveHost(env, "admin", NEW);
  // oxlint-disable-next-line typescript/unbound-method -- it is applied to the client that was called
  const { moveEndpoint } = PlcClient.prototype;
  let calls = 0;
  const dying = vi.spyOn(PlcClient.prototype, "moveEndpoint").mockImplementation(async function (
    this: PlcClient,
    ...given
  ) {
    calls++;
    // Once before the registry knows, once after.
    if (calls === 3) throw new Refusal("UpstreamFailure", "away", 502);
    const moved = await moveEndpoint.apply(this, given);
    if (calls === 5) throw new Error("the object died");
    return moved;
  });
  await pass();
  expect(await moveProgress()).toMatchObject({ moved: 2 });
  await passAll();
  dying.mockRestore();
  for (const { did } of members) {
    expect(await pdsOf(did as Did)).toBe(NEW);
    expect(await identitiesToldOf(did as Did)).toBeGreaterThanOrEqual(2);
  }
});

test("a sign-up that died half way is settled first, and then moves along", async () => {
  // oxlint-disable-next-line typescript/unbound-method -- it is applied to the client that was called
  const { submit } = PlcClient.prototype;
  let did: Did | null = null;
  const dying = [
    vi.spyOn(PlcClient.prototype, "submit").mockImplementation(async function (this: PlcClient, ...given) {
      did = given[0];
      await submit.apply(this, given);
      throw new Refusal("UpstreamFailure", "the answer was lost", 502);
    }),
    vi.spyOn(PlcClient.prototype, "lastOperation").mockRejectedValue(new Error("away")),
  ];
  await expect(join()).rejects.toThrow();
  for (const spy of dying) spy.mockRestore();
  await moveHost(env, "admin", NEW);
  await passAll();
  expect(await pdsOf(did ?? "did:plc:nobody")).toBe(NEW);
});

test("whoever has their identity elsewhere is passed over, and stops nobody", async () => {
  const [gone, stays] = [await join(), await join()];
  const did = gone.did as Did;
  const update = await services.plc.signUpdate(did, (state) => ({
    ...state,
    services: { atproto_pds: { type: "AtprotoPersonalDataServer", endpoint: "https://elsewhere.dev" } },
  }));
  await services.plc.submit(did, update);
  await moveHost(env, "admin", NEW);
  await passAll();
  expect([await pdsOf(did), await pdsOf(stays.did as Did)]).toEqual(["https://elsewhere.dev", NEW]);
});

test("a second change begins anew, and a pass of the first does not undo that", async () => {
  const members = await Promise.all(Array.from({ length: 6 }, () => join()));
  await moveHost(env, "admin", NEW);
  // oxlint-disable-next-line typescript/unbound-method -- it is applied to the client that was called
  const { moveEndpoint } = PlcClient.prototype;
  let second: Promise<void> | null = null;
  vi.spyOn(PlcClient.prototype, "moveEndpoint").mockImplementation(async function (
    this: PlcClient,
    ...given
  ) {
    second ??= moveHost({ ...env, PUBLIC_URL: NEW, FORMER_URLS: ORIGIN }, "admin", "https://reef.dev");
    await second;
    return moveEndpoint.apply(this, given);
  });
  await pass();
  expect(await moveProgress()).toMatchObject({ moved: 0 });
  await passAll();
  for (const { did } of members) expect(await pdsOf(did as Did)).toBe("https://reef.dev");
  expect(await readKept(bindings)).toMatchObject({ FORMER_URLS: `${NEW},${ORIGIN}` });
});

test("where the environment sets the address, the pages do not, but identities follow it", async () => {
  const { did } = await join();
  const fixed: Bindings = { ...env, PUBLIC_URL: NEW, FORMER_URLS: ORIGIN, FIXED: ["PUBLIC_URL"] };
  await expect(moveHost(fixed, "admin", "https://reef.dev")).rejects.toMatchObject({ status: 400 });
  await followAddress(fixed, "admin");
  await passAll();
  expect(await pdsOf(did as Did)).toBe(NEW);
});

describe("after a change", () => {
  /** Asks the host as it is then; `origin` is the address of before, unless another is given. */
  const ask = async (path: string, headers: Record<string, string> = {}, origin = ORIGIN) => {
    const moved = { ...bindings, PUBLIC_URL: NEW, FORMER_URLS: ORIGIN } as never;
    return worker.fetch(new Request(`${origin}${path}`, { headers }), moved, createExecutionContext());
  };
  const TIMELINE = "/xrpc/app.bsky.feed.getTimeline";

  test("sessions of before go on, at both addresses", async () => {
    const { did, auth } = await join();
    for (const origin of [ORIGIN, NEW]) {
      const response = await ask("/xrpc/com.atproto.server.getSession", { authorization: auth }, origin);
      expect(await response.json(), origin).toMatchObject({ did });
    }
  });

  test("a call to the host by its name of before is served here, and one to a stranger is not", async () => {
    const { auth } = await join();
    const to = (service: string) => ({ authorization: auth, "atproto-proxy": `${service}#bsky_appview` });
    expect((await ask(TIMELINE, to(HOST_DID))).status).toBe(200);
    expect((await ask(TIMELINE, to("did:web:pds.lagoon.dev"))).status).toBe(200);
    expect((await ask(TIMELINE, to("did:web:elsewhere.invalid"))).status).not.toBe(200);
  });

  test("the document of the name of before leads to the new one", async () => {
    const documents = await Promise.all(
      [ORIGIN, NEW].map(async (origin) => (await ask("/.well-known/did.json", {}, origin)).json()),
    );
    const service = Array.from({ length: 5 }, () => ({ serviceEndpoint: NEW }));
    expect(documents).toMatchObject([
      { id: HOST_DID, service },
      { id: "did:web:pds.lagoon.dev", service },
    ]);
  });

  test("labels given under the name of before are still applied", async () => {
    const { did, auth } = await join();
    await asAdmin("internal.atoll.admin.createLabels", { input: { labels: [{ uri: did, val: "spam" }] } });
    for (const chosen of [{}, { "atproto-accept-labelers": "did:web:pds.lagoon.dev" }]) {
      const path = `/xrpc/app.bsky.actor.getProfile?actor=${did}`;
      const profile = await (await ask(path, { authorization: auth, ...chosen })).json();
      expect(profile).toMatchObject({ labels: [{ val: "spam", src: HOST_DID }] });
    }
  });
});
