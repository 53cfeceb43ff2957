/** Query parameters, in every way that clients write them. */
import * as v from "@atcute/lexicons/validations";
import { describe, expect, test } from "vitest";
import { decodeParams } from "../../src/xrpc/server/params.ts";
import { isRefusal } from "../../src/protocol/refusal.ts";

const schema = v.object({
  did: v.didString(),
  limit: v.optional(v.constrain(v.integer(), [v.integerRange(1, 100)]), 50),
  deep: v.optional(v.boolean()),
  word: v.optional(v.constrain(v.string(), [v.stringLength(0, 5)])),
  uris: v.optional(v.constrain(v.array(v.string()), [v.arrayLength(0, 3)])),
  sizes: v.optional(v.array(v.integer())),
});
const decode = decodeParams("com.example.method", schema);

const DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
const asked = (query: string) => decode(new URLSearchParams(query)) as Record<string, unknown>;
const about = (query: string) => asked(`did=${DID}${query === "" ? "" : `&${query}`}`);

function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    expect([thrown.error, thrown.status]).toEqual(["InvalidRequest", 400]);
    return thrown.message;
  }
  throw new Error("accepted");
}

describe("are read", () => {
  test.each<[query: string, expected: object]>([
    ["", {}],
    ["limit=1", { limit: 1 }],
    ["limit=100", { limit: 100 }],
    ["limit=007", { limit: 7 }],
    ["deep=true", { deep: true }],
    ["deep=false", { deep: false }],
    ["word=a%20b", { word: "a b" }],
    ["word=a+b", { word: "a b" }],
    ["word=true", { word: "true" }],
    ["word=12", { word: "12" }],
    ["uris=a", { uris: ["a"] }],
    ["uris=a&uris=b", { uris: ["a", "b"] }],
    ["uris[]=a&uris[]=b", { uris: ["a", "b"] }],
    ["uris%5B0%5D=a&uris%5B1%5D=b", { uris: ["a", "b"] }],
    ["uris[1]=b&uris[0]=a", { uris: ["b", "a"] }],
    ["uris=a&uris[]=b&uris[9]=c", { uris: ["a", "b", "c"] }],
    ["uris=a,b", { uris: ["a,b"] }],
    ["sizes=1&sizes=-2", { sizes: [1, -2] }],
    // What is empty is absent, as in the reference.
    ["limit=", {}],
    ["word=&deep=", {}],
    ["uris=&uris=a", { uris: ["a"] }],
    ["uris=", {}],
    // What a later lexicon may have is passed over.
    ["later=1&limit=2", { limit: 2 }],
    ["constructor=1&__proto__=2&toString=3", {}],
  ])("%j", (query, expected) => {
    expect(about(query)).toEqual({ did: DID, limit: 50, ...expected });
  });

  test("and a default stands only for what is absent", () => {
    expect(asked(`did=${DID}`).limit).toBe(50);
    expect(asked(`did=${DID}&limit=3`).limit).toBe(3);
  });
});

describe("are refused, with the method's name and the parameter's", () => {
  test.each<[query: string, named: string]>([
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=1.5", "limit"],
    ["limit=1e1", "limit"],
    ["limit=0x10", "limit"],
    ["limit=%201", "limit"],
    ["limit=ten", "limit"],
    ["limit=NaN", "limit"],
    ["limit=Infinity", "limit"],
    ["limit=99999999999999999999", "limit"],
    ["limit=1&limit=2", "limit"],
    ["limit[]=1&limit[]=2", "limit"],
    ["deep=1", "deep"],
    ["deep=TRUE", "deep"],
    ["deep=yes", "deep"],
    ["word=abcdef", "word"],
    ["word=a&word=b", "word"],
    ["uris=1&uris=2&uris=3&uris=4", "uris"],
    ["sizes=1&sizes=x", "sizes"],
    ["did=did:plc:bbbbbbbbbbbbbbbbbbbbbbbb", "did"],
  ])("%j", (query, named) => {
    const message = refusalOf(() => about(query));
    expect(message).toMatch(/^Invalid com\.example\.method params: /);
    expect(message).toContain(named);
  });

  test.each(["", "did=", "did=alice.test", "did[]=x"])("%j, without what is required", (query) => {
    expect(refusalOf(() => asked(query))).toContain("did");
  });
});

test("a method without parameters takes any and reads none", () => {
  expect(decodeParams("com.example.none", null)(new URLSearchParams("a=1&b=2"))).toEqual({});
});

test("a query of ten thousand values is read in one pass", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => `x${i}=1&uris=u`).join("&");
  const started = performance.now();
  expect(refusalOf(() => about(many))).toContain("uris");
  expect(performance.now() - started).toBeLessThan(1_000);
});
