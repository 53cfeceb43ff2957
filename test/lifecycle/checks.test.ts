/** The checklist: what it finds, in words that mend it. */
import { exports } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { servicesOf } from "../../src/edge/services.ts";
import { type Check, checkAll, sendTestMail } from "../../src/lifecycle/host/checks.ts";
import type { Bindings } from "../../src/protocol/stations.ts";
import type { AccountStation } from "../../src/protocol/account-station.ts";
import worker from "../../src/worker.ts";
import { bindings, lastMail } from "../support/account-host.ts";

const ADDRESS = "https://pds.lagoon.dev";
const RELAY = "https://relay.lagoon.dev";

type Given = Partial<Omit<Bindings, "ACCOUNT" | "FIXED">>;

/** A deployed host, as its settings are. */
const deployed = (more: Given = {}): Bindings<AccountStation> => ({
  ...(bindings as Bindings<AccountStation>),
  LOCAL: "",
  PUBLIC_URL: ADDRESS,
  HANDLE_DOMAINS: ".lagoon.dev",
  PLC_URL: "https://plc.lagoon.dev",
  RELAYS: RELAY,
  ...more,
});

const services = (env: Bindings<AccountStation>) =>
  servicesOf(new Request(`${ADDRESS}/admin/health`), env, { waitUntil: () => {}, exports });

type Answer = (url: URL) => Response | Promise<Response> | null;

/** The outside as it should be: the host at its names, a registry, a relay that knows it. */
function outside(env: Bindings<AccountStation>, but: Answer = () => null): void {
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const url = new URL(input instanceof Request ? input.url : input.toString());
    const other = await but(url);
    if (other !== null) return other;
    if (url.hostname === "plc.lagoon.dev")
      return Response.json({}, { headers: { date: new Date().toUTCString() } });
    if (url.origin === RELAY) return Response.json({ hostname: "pds.lagoon.dev", status: "active" });
    if (url.hostname.endsWith(".lagoon.dev")) {
      const request = new Request(url, { headers: { host: url.hostname } });
      return worker.fetch(request, env, createExecutionContext());
    }
    throw new TypeError("no such host");
  });
}

async function checked(but: Answer = () => null, more: Given = {}): Promise<Map<string, Check>> {
  const env = deployed(more);
  outside(env, but);
  return new Map((await checkAll(services(env))).map((check) => [check.what, check]));
}

const HANDLES = "Handles that end in .lagoon.dev";
const isHandle = ({ hostname }: URL) => hostname.startsWith("check-");
const isAddress = ({ hostname }: URL) => hostname === "pds.lagoon.dev";

beforeEach(() => {
  for (const name of ["log", "warn", "error"] as const) vi.spyOn(console, name).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("a host on which all is well", async () => {
  const found = await checked();
  const ill = [...found.values()].filter(({ health }) => health === "ill");
  expect(ill).toEqual([]);
  for (const what of [
    "Address",
    HANDLES,
    "Storage for pictures",
    "Registry of identities",
    "Relay relay.lagoon.dev",
    "Index",
    "Clock",
    "Version",
  ])
    expect(found.get(what)?.health, what).toBe("well");
  expect((await bindings.BLOBS.list({ prefix: "host/check/" })).objects).toEqual([]);
});

describe("what is ill is named with its mend", () => {
  test.each<[string, string, Answer, RegExp, RegExp]>([
    [
      "no wildcard record",
      HANDLES,
      (url) => (isHandle(url) ? Promise.reject(new TypeError("dns")) : null),
      /no DNS record, or no certificate/,
      /AAAA, the name \*\.lagoon\.dev and the address 100::/,
    ],
    [
      "a redirect of handles",
      HANDLES,
      (url) => (isHandle(url) ? Response.redirect("https://lagoon.dev/", 301) : null),
      /leads elsewhere/,
      /Redirect Rules/,
    ],
    [
      "a challenge",
      HANDLES,
      (url) =>
        isHandle(url) ? new Response("", { status: 403, headers: { "cf-mitigated": "challenge" } }) : null,
      /asks for a browser/,
      /Bot Fight Mode/,
    ],
    [
      "another’s DID",
      HANDLES,
      (url) => (isHandle(url) ? new Response("did:web:else.dev") : null),
      /Somebody else answers/,
      /route/,
    ],
    [
      "an address that nobody answers at",
      "Address",
      (url) => (isAddress(url) ? Promise.reject(new TypeError("dns")) : null),
      /Nobody answers/,
      /proxied/,
    ],
    [
      "a registry that fails",
      "Registry of identities",
      (url) => (url.hostname === "plc.lagoon.dev" ? new Response("", { status: 503 }) : null),
      /answers 503/,
      /have to wait/,
    ],
    [
      "a relay that has banned it",
      "Relay relay.lagoon.dev",
      (url) => (url.origin === RELAY ? Response.json({ status: "banned" }) : null),
      /calls this host “banned”/,
      /Ask whoever runs/,
    ],
    [
      "a clock that is behind",
      "Clock",
      (url) =>
        url.hostname === "plc.lagoon.dev"
          ? Response.json({}, { headers: { date: new Date(Date.now() + 120_000).toUTCString() } })
          : null,
      /1[12]\d seconds behind/,
      /clock/,
    ],
  ])("%s", async (_name, what, but, found, mend) => {
    const check = (await checked(but)).get(what);
    expect(check).toMatchObject({ health: "ill" });
    expect(check?.found).toMatch(found);
    expect(check?.mend).toMatch(mend);
  });

  test("storage that loses what it takes", async () => {
    const BLOBS = {
      put: async () => null,
      get: async () => null,
      delete: async () => {},
    } as unknown as R2Bucket;
    expect((await checked(() => null, { BLOBS })).get("Storage for pictures")).toMatchObject({
      health: "ill",
    });
  });

  test("a thing whose test breaks, and no other", async () => {
    const BLOBS = { put: () => Promise.reject(new Error("R2 is away")) } as unknown as R2Bucket;
    const found = await checked(() => null, { BLOBS });
    expect(found.get("Storage for pictures")).toMatchObject({
      health: "ill",
      found: expect.stringContaining("R2 is away") as string,
    });
    expect(found.get("Address")).toMatchObject({ health: "well" });
  });
});

test("on workers.dev, it says that nothing below the name can be a handle, and asks nobody", async () => {
  const asked: string[] = [];
  const PUBLIC_URL = "https://atoll.maker.workers.dev";
  const found = await checked(
    (url) => {
      asked.push(url.hostname);
      return null;
    },
    { PUBLIC_URL, HANDLE_DOMAINS: ".maker.workers.dev" },
  );
  expect(found.get("Handles that end in .maker.workers.dev")?.found).toMatch(
    /Only atoll\.maker\.workers\.dev itself/,
  );
  expect(asked.filter((name) => name.startsWith("check-"))).toEqual([]);
});

test("a made-up handle of this hour is this host’s, and no other that looks like one", async () => {
  const env = deployed();
  const ask = (name: string) =>
    worker.fetch(
      new Request(`https://${name}/.well-known/atproto-did`, { headers: { host: name } }),
      env,
      createExecutionContext(),
    );
  for (const name of ["check-.lagoon.dev", `check-${"0".repeat(32)}.lagoon.dev`, "check-anna.lagoon.dev"])
    expect((await ask(name)).status, name).toBe(404);
});

test("a test mail arrives, and says where it came from", async () => {
  const sent = await sendTestMail(services(deployed({ LOCAL: "1" })), "owner-of-checks@example.com");
  expect(sent).toBe("sent");
  expect((await lastMail("owner-of-checks@example.com")).text).toContain(ADDRESS);
});
