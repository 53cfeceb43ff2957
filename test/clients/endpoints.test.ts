/**
 * Every method of the public lexicons on a running host. A served method answers every caller that may use
 * it, in its lexicon's shape. Any other is refused by name.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DECLINED, isPassedOn } from "../../src/xrpc/server/declined.ts";
import { lexicons } from "./client/lexicons.ts";
import { LIFE, READS, type Row, WRITES } from "./endpoints/calls.ts";
import { outcomeOf } from "./endpoints/outcome.ts";
import { type Stage, setStage } from "./endpoints/stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
}, 60_000);
afterAll(() => stage.network.dispose());

async function call({ nsid, caller, given, refused = "200" }: Row): Promise<void> {
  const callers = caller === "anyone" ? (["nobody", "anyone"] as const) : [caller];
  for (const one of callers) {
    expect(`${one}: ${await outcomeOf(stage, nsid, one, await given(stage))}`).toBe(`${one}: ${refused}`);
  }
}

describe("what is served", () => {
  test("is all in the table, once", () => {
    const served = [...lexicons.keys()].filter((nsid) => !(nsid in DECLINED) && !isPassedOn(nsid));
    const rows = [...READS, ...WRITES, ...LIFE].map(({ nsid }) => nsid);
    expect(rows.toSorted()).toEqual(served.toSorted());
  });

  test.each(READS.map((row) => [row.nsid, row] as const))("%s", (_, row) => call(row));
  test.each(WRITES.map((row) => [row.nsid, row] as const))("%s", (_, row) => call(row));
  test.each(LIFE.map((row) => [row.nsid, row] as const))("%s", (_, row) => call(row));
});

describe("what is not", () => {
  test("is refused by name, to members and to nobody", async () => {
    const others = [...lexicons.keys()].filter((nsid) => nsid in DECLINED || isPassedOn(nsid));
    expect(others.length).toBeGreaterThan(50);
    for (const nsid of others) {
      for (const caller of ["nobody", "member"] as const) {
        expect([nsid, await outcomeOf(stage, nsid, caller, { input: {} })]).toEqual([
          nsid,
          "501 MethodNotImplemented",
        ]);
      }
    }
  });

  test("nor is what no lexicon names, or names of no method", async () => {
    expect(await outcomeOf(stage, "com.example.nothing", "member", {})).toBe("501 MethodNotImplemented");
    expect(await outcomeOf(stage, "nothing", "member", {})).toBe("400 InvalidRequest");
    expect(await outcomeOf(stage, "", "member", {})).toBe("400 InvalidRequest");
  });
});

/** Requests as a browser that sends no headers about itself; `fetch` sends some. */
const statusOf = (path: string) =>
  new Promise<number>((resolve, reject) => {
    const { hostname, port } = new URL(stage.network.url);
    const asked = http.get({ hostname, port, path }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    asked.on("error", reject);
  });

describe("routes beside the methods", () => {
  test.each([
    ["/", 200],
    ["/robots.txt", 200],
    ["/xrpc/_health", 200],
    ["/.well-known/did.json", 200],
    ["/.well-known/atproto-did", 404],
    ["/.well-known/oauth-protected-resource", 200],
    ["/.well-known/oauth-authorization-server", 200],
    ["/.well-known/change-password", 302],
    ["/oauth/jwks", 200],
    ["/oauth/authorize", 400],
    ["/account", 303],
    ["/status", 200],
    ["/nothing", 404],
  ])("%s answers %i", async (path, status) => {
    expect(await statusOf(path)).toBe(status);
  });
});

/** Of what the free plan allows an invocation, 50 each. Beyond it a call fails, and so do the tests above. */
test("on the free plan every operation has room to spare; the most that each used is in .atoll/limits.md", async () => {
  const figures = await stage.network.host().figures();
  const served = [...READS, ...WRITES, ...LIFE].map(({ nsid }) => nsid);
  const counted = figures.map(({ operation }) => operation);
  // Those that answer without a database are not counted.
  expect(served.filter((nsid) => counted.includes(nsid)).length).toBeGreaterThan(served.length / 2);
  const rows = figures
    .toSorted((a, b) => b.subrequests - a.subrequests || a.operation.localeCompare(b.operation))
    .map(({ operation, queries, subrequests }) => `| \`${operation}\` | ${queries} | ${subrequests} |`);
  mkdirSync(".atoll", { recursive: true });
  writeFileSync(
    ".atoll/limits.md",
    ["| operation | D1 queries | subrequests |", "| --- | --- | --- |", ...rows, ""].join("\n"),
  );
});
