/** Cloudflare's limits as the test kit holds a host to them: what passes one fails, and says what to do. */
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { bindings } from "../support/bindings.ts";
import { underRules } from "../../tools/kit/worker/platform/bindings.ts";
import {
  PLAN,
  allFigures,
  invoke,
  operationOf,
  takeBreaches,
} from "../../tools/kit/worker/platform/invocation.ts";
import { holdRuntimeToRules, setOwnName } from "../../tools/kit/worker/platform/runtime.ts";

const { DIRECTORY, BLOBS, SEQUENCER } = underRules(bindings);

beforeAll(() => expect(PLAN?.name).toBe("the free plan"));
afterEach(() => takeBreaches());

/** Runs an invocation that must fail; returns why. */
async function failure(work: () => unknown): Promise<string> {
  const thrown: unknown = await invoke("test", async () => work()).catch((error: unknown) => error);
  expect(takeBreaches()).toEqual([thrown instanceof Error ? thrown.message : null]);
  return String(thrown);
}

const one = () => DIRECTORY.prepare("SELECT 1 AS one");
const times = async (number: number, work: () => Promise<unknown>) => {
  for (let i = 0; i < number; i++) await work();
};

describe("D1", () => {
  test("fifty queries in one invocation, and no more", async () => {
    await invoke("test", () => times(50, () => one().first()));
    expect(await failure(() => times(51, () => one().first()))).toMatch(
      /test: 51 D1 queries in one invocation; the free plan allows 50\. Read them in one query/,
    );
  });

  test("each statement of a batch counts", async () => {
    const batch = (size: number) => DIRECTORY.batch(Array.from({ length: size }, one));
    const results = await invoke("test", () => batch(50));
    expect(results.map(({ results: rows }) => rows)).toEqual(Array.from({ length: 50 }, () => [{ one: 1 }]));
    expect(await failure(() => batch(51))).toContain("51 D1 queries");
  });

  test("each invocation counts for itself, also those at once", async () => {
    const many = () => invoke("test", () => times(40, () => one().first()));
    await Promise.all([many(), many(), many()]);
    expect(takeBreaches()).toEqual([]);
  });

  test("a hundred parameters, and no more", async () => {
    const bound = (number: number) => {
      const marks = Array.from({ length: number }, () => "?").join(" + ");
      return DIRECTORY.prepare(`SELECT ${marks} AS sum`)
        .bind(...Array.from({ length: number }, () => 1))
        .first("sum");
    };
    expect(await invoke("test", () => bound(100))).toBe(100);
    expect(await failure(() => bound(101))).toMatch(/101 bound parameters; 100 are allowed\. .*json_each/);
  });

  test("a statement of 100 kB, and no longer", async () => {
    const long = (bytes: number) => {
      const sql = "SELECT 1 AS one -- ";
      return DIRECTORY.prepare(sql.padEnd(bytes, "x"));
    };
    expect(() => invoke("test", () => long(100_000))).not.toThrow();
    expect(await failure(() => long(100_001))).toContain("a statement of 100001 bytes; 100000 are allowed");
    expect(await failure(() => DIRECTORY.prepare(`SELECT '${"ü".repeat(60_000)}'`))).toContain(
      "120009 bytes",
    );
  });

  test("a value of 2 MB, and no larger", async () => {
    const kept = (value: string | Uint8Array) => DIRECTORY.prepare("SELECT length(?) AS size").bind(value);
    expect(await invoke("test", () => kept("x".repeat(2_000_000)).first("size"))).toBe(2_000_000);
    expect(await failure(() => kept("x".repeat(2_000_001)))).toContain("a value of 2000001 bytes");
    expect(await failure(() => kept(new Uint8Array(2_000_001)))).toContain("Keep it in R2");
  });
});

describe("subrequests", () => {
  test("trips to D1, to objects and to R2 count together", async () => {
    const status = () => SEQUENCER.getByName("host").status();
    await invoke("mixed", async () => {
      await times(2, () => one().first());
      await times(3, status);
      await times(4, () => BLOBS.head("nothing"));
    });
    const figure = allFigures().find(({ operation }) => operation === "mixed");
    expect(figure).toMatchObject({ queries: 2, subrequests: 9 });
    expect(await failure(() => times(51, status))).toMatch(
      /51 subrequests in one invocation.*Ask for several/,
    );
  });
});

describe("the runtime", () => {
  const fetchBefore = globalThis.fetch;
  const cachesBefore = caches;
  afterEach(() => {
    globalThis.fetch = fetchBefore;
    Object.defineProperty(globalThis, "caches", { value: cachesBefore, configurable: true });
    vi.unstubAllGlobals();
  });

  test("lets six fetches wait for an answer at once; further ones wait for those", async () => {
    let waiting = 0;
    let most = 0;
    globalThis.fetch = async () => {
      most = Math.max(most, ++waiting);
      await scheduler.wait(2);
      waiting--;
      return new Response("ok");
    };
    holdRuntimeToRules();
    await invoke("crowd", () => Promise.all(Array.from({ length: 20 }, () => fetch("https://example.com/"))));
    expect(most).toBe(6);
    const figure = allFigures().find(({ operation }) => operation === "crowd");
    expect(figure).toMatchObject({ subrequests: 20, waiting: 6 });
    expect(await failure(() => times(51, () => fetch("https://example.com/")))).toContain("51 subrequests");
  });

  test("answers a fetch to the host's own zone with nothing, unless the flag is set", async () => {
    globalThis.fetch = () => Promise.resolve(new Response("reached"));
    holdRuntimeToRules();
    setOwnName("https://pds.example.com");
    const asked = async (name: string) => (await fetch(`https://${name}/`)).status;
    expect([await asked("pds.example.com"), await asked("anna.example.com")]).toEqual([200, 200]);
    vi.stubGlobal("Cloudflare", { compatibilityFlags: {} });
    expect([await asked("pds.example.com"), await asked("anna.example.com")]).toEqual([522, 522]);
    expect(await asked("example.org")).toBe(200);
  });

  test("has a cache that keeps nothing", async () => {
    holdRuntimeToRules();
    await caches.default.put("https://example.com/", new Response("kept"));
    expect(await caches.default.match("https://example.com/")).toBeUndefined();
  });
});

test("outside an invocation nothing is counted", async () => {
  await times(60, () => one().first());
  expect(takeBreaches()).toEqual([]);
});

test.each([
  ["GET", "/xrpc/app.bsky.feed.getTimeline?limit=5", "app.bsky.feed.getTimeline"],
  ["POST", "/account/sign-in", "POST /account/sign-in"],
  ["GET", "/account/style.12ab.css", "GET /account"],
  ["GET", "/profile/anna.test", "GET /profile"],
  ["GET", "/", "GET /"],
])("%s %s is the operation %s", (method, path, operation) => {
  expect(operationOf(new Request(`http://localhost${path}`, { method }))).toBe(operation);
});
