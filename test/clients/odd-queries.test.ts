/** Queries at the edges of what clients may write: every read, with each parameter at its limits. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lexicons } from "./client/lexicons.ts";
import { type Given, READS, type Row } from "./endpoints/calls.ts";
import { outcomeOf } from "./endpoints/outcome.ts";
import { type Stage, setStage } from "./endpoints/stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
}, 60_000);
afterAll(() => stage.network.dispose());

type Params = NonNullable<Given["params"]>;

/** Makes the read of a row, with its parameters replaced by what `change` returns. */
async function asked({ nsid, caller, given }: Row, change: (params: Params) => Params): Promise<string> {
  const { params = {} } = await given(stage);
  return outcomeOf(stage, nsid, caller, { params: change(params) });
}

interface Range {
  min: number;
  max: number;
}

/** The constraint of this kind in a parameter's schema. */
function constraintOf(nsid: string, name: string, kind: string): Record<string, unknown> | undefined {
  let schema: unknown = lexicons.get(nsid)?.params?.shape[name];
  while (isObject(schema)) {
    const constraints: unknown = schema.constraints;
    const found = Array.isArray(constraints)
      ? constraints.find((one: { type?: unknown }) => one.type === kind)
      : undefined;
    if (isObject(found)) return found;
    schema = schema.wrapped;
  }
  return undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const has = (name: string) => (row: Row) => lexicons.get(row.nsid)?.params?.shape[name] !== undefined;
const named = (rows: readonly Row[]) => rows.map((row) => [row.nsid, row] as const);

const limited = READS.filter(has("limit"));
const paged = READS.filter(has("cursor"));

describe("limits", () => {
  test("are of most reads", () => {
    expect(limited.length).toBeGreaterThan(40);
  });

  test.each(named(limited))("%s: its least and its most, and neither less nor more", async (nsid, row) => {
    const { min, max } = constraintOf(nsid, "limit", "integer_range") as unknown as Range;
    const at = (limit: string | number | readonly string[]) => asked(row, (params) => ({ ...params, limit }));
    expect([await at(min), await at(max)]).toEqual(["200", "200"]);
    for (const limit of [min - 1, max + 1, -1, "1.5", "ten", "1e1", "0x1", " 5", "5\n", ["5", "6"]]) {
      expect([limit, await at(limit)]).toEqual([limit, "400 InvalidRequest"]);
    }
    expect(await at("")).toBe("200");
  });
});

describe("cursors", () => {
  test.each(named(paged))("%s: one that is none ends the pages, or is refused", async (_, row) => {
    const at = (cursor: string) => asked(row, (params) => ({ ...params, cursor }));
    expect(await at("")).toBe("200");
    for (const cursor of [
      "garbage",
      "::",
      "1::x",
      "__",
      "-1",
      "0",
      "9".repeat(40),
      "2026",
      "\n",
      "\u0000",
      "💥",
      "%",
    ]) {
      expect([cursor, await at(cursor)]).toEqual([cursor, expect.stringMatching(/^(200|400 \w+)$/)]);
    }
  });
});

describe("lists", () => {
  const lists: [nsid: string, name: string, one: (stage: Stage) => string][] = [
    ["app.bsky.actor.getProfiles", "actors", ({ ben }) => ben.did],
    ["app.bsky.feed.getPosts", "uris", ({ post }) => post.uri],
    ["app.bsky.feed.getFeedGenerators", "feeds", ({ uris }) => uris.feed],
    ["app.bsky.graph.getStarterPacks", "uris", ({ uris }) => uris.pack],
    ["app.bsky.labeler.getServices", "dids", ({ ben }) => ben.did],
  ];

  test.each(lists)(
    "%s: none is refused, one given often is one, too many are refused",
    async (nsid, name, one) => {
      const ask = (values: readonly string[]) =>
        outcomeOf(stage, nsid, "member", { params: { [name]: values } });
      const value = one(stage);
      expect(await ask([])).toBe("400 InvalidRequest");
      expect(await ask([""])).toBe("400 InvalidRequest");
      expect(await ask([value, value, ""])).toBe("200");
      const most = constraintOf(nsid, name, "array_length")?.maxLength;
      const isBounded = typeof most === "number" && most < 1_000;
      const many = isBounded ? most : 150;
      // The one value, and distinct others that belong to nobody.
      const others = Array.from({ length: many - 1 }, (_, i) => value.replace("did:plc:", `did:plc:${i}`));
      expect(await ask([value, ...others])).toBe("200");
      if (isBounded) expect(await ask([value, value, ...others])).toBe("400 InvalidRequest");
    },
  );

  test.each(lists)("%s: with brackets, as some clients write them", async (nsid, name, one) => {
    const value = one(stage);
    for (const written of [`${name}[]`, `${name}[0]`]) {
      expect(await outcomeOf(stage, nsid, "member", { params: { [written]: value } })).toBe("200");
    }
  });
});

describe("names", () => {
  const byHandle = READS.filter((row) => has("actor")(row) || has("repo")(row) || has("handle")(row));
  const nameOf = (row: Row) => ["actor", "repo", "handle"].find((name) => has(name)(row)) ?? "";

  test.each(named(byHandle))(
    "%s: a handle in capitals is the same, one with a line break is none",
    async (nsid, row) => {
      const { ada, ben } = stage;
      // Likes are visible only to the member who made them.
      const { handle } = nsid === "app.bsky.feed.getActorLikes" ? ada : ben;
      const as = (name: string) => asked(row, (params) => ({ ...params, [nameOf(row)]: name }));
      expect(await as(handle.toUpperCase())).toBe("200");
      for (const name of [`${handle}\n`, ` ${handle}`, `@${handle}`, "ben", "", "did:plc:x\n"]) {
        expect([name, await as(name)]).toEqual([name, "400 InvalidRequest"]);
      }
      expect(await asked(row, (params) => ({ ...params, [nameOf(row)]: [handle, handle] }))).toBe(
        "400 InvalidRequest",
      );
    },
  );

  test.each(named(READS.filter(has("uri"))))("%s: an address with a line break is none", async (_, row) => {
    const { post } = stage;
    for (const uri of [`${post.uri}\n`, ` ${post.uri}`, "at://", "https://example.com"]) {
      expect([uri, await asked(row, (params) => ({ ...params, uri }))]).toEqual([uri, "400 InvalidRequest"]);
    }
  });
});
