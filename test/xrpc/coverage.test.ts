/** Every method of the public lexicons is served here, passed on, or declined for a documented reason. */
import * as atproto from "@atcute/atproto";
import * as bluesky from "@atcute/bluesky";
import { expect, test } from "vitest";
import { DECLINED, isPassedOn } from "../../src/xrpc/server/declined.ts";
import { methods } from "../../src/xrpc/methods.ts";

/** Served outside the method tables. */
const BY_ROUTE = ["com.atproto.sync.subscribeRepos"];

function nsidOf(module: unknown): string[] {
  if (typeof module !== "object" || module === null || !("mainSchema" in module)) return [];
  const schema = module.mainSchema as { type?: unknown; nsid?: unknown };
  const isMethod = /^xrpc_(query|procedure|subscription)$/.test(String(schema.type));
  return isMethod && typeof schema.nsid === "string" ? [schema.nsid] : [];
}

const lexicon = [...Object.values(atproto), ...Object.values(bluesky)].flatMap(nsidOf).toSorted();
const served = new Set([...methods.keys(), ...BY_ROUTE]);

test("the lexicons are there to be compared with", () => {
  expect(lexicon.length).toBeGreaterThan(250);
});

test("no method of the lexicons is forgotten", () => {
  const missing = lexicon.filter((nsid) => !served.has(nsid) && !isPassedOn(nsid) && !(nsid in DECLINED));
  expect(missing).toEqual([]);
});

test("what is declined is a method of the lexicons, is not served, and says why", () => {
  for (const [nsid, reason] of Object.entries(DECLINED)) {
    expect(lexicon, nsid).toContain(nsid);
    expect(served.has(nsid), nsid).toBe(false);
    expect(isPassedOn(nsid), nsid).toBe(false);
    expect(reason.length, nsid).toBeGreaterThan(15);
  }
});

test("what is served is a method of the lexicons or this host's own", () => {
  const unknown = [...served].filter(
    (nsid) => !lexicon.includes(nsid) && !nsid.startsWith("internal.atoll."),
  );
  const hint = "a method of our own is internal.atoll.<group>.<name>: see CONTRIBUTING.md, “A method”";
  expect(unknown, hint).toEqual([]);
});

test("every method of the AppView has its story at the front door, in a flow that names it", () => {
  // Excludes the flows that call every method in the same way.
  const flows = import.meta.glob("../flows/{account,appview}-*.test.ts", {
    query: "?raw",
    import: "default",
    eager: true,
  }) as Record<string, string>;
  const told = Object.values(flows).join("\n");
  const appview = [...served].filter((nsid) => /^(app\.bsky|com\.atproto\.label)\./.test(nsid));
  expect(appview.length).toBeGreaterThan(80);
  const hint = "tell its story over HTTP in test/flows: see CONTRIBUTING.md, “A method”";
  expect(
    appview.filter((nsid) => !told.includes(`"${nsid}"`)),
    hint,
  ).toEqual([]);
});

test("no method is written down twice", async () => {
  const tables = import.meta.glob("../../src/xrpc/*.*.ts", { eager: true }) as Record<
    string,
    Record<string, unknown>
  >;
  const all = Object.values(tables)
    .flatMap((module) => Object.values(module))
    .flatMap((table) => (Array.isArray(table) ? table : []))
    .map(({ nsid }: { nsid: string }) => nsid);
  expect(all.toSorted()).toEqual([...new Set(all)].toSorted());
  expect(new Set(all)).toEqual(new Set(methods.keys()));
});
