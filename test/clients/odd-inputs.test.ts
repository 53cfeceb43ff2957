/** Calls each served method with another verb, no body or another body. Also searches for odd words. */
import { deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { basic } from "../../tools/dev/xrpc-client.ts";
import { lexicons } from "./client/lexicons.ts";
import { LIFE, READS, type Row, WRITES } from "./endpoints/calls.ts";
import { outcomeOf } from "./endpoints/outcome.ts";
import { type Stage, setStage } from "./endpoints/stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
}, 60_000);
afterAll(() => stage.network.dispose());

interface Sent {
  method: string;
  body?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

const authorizationOf = ({ nsid, caller }: Row): string => {
  if (caller === "admin") return basic("admin", stage.network.host().adminPassword);
  // A refresh token is not a session, and an access token is not a refresh token.
  return `Bearer ${/(refresh|delete)Session$/.test(nsid) ? stage.ada.refreshJwt : stage.ada.token}`;
};

/** `400 InvalidRequest`, or the status alone if there is no error. */
async function answer(row: Row, { method, body, headers = {} }: Sent): Promise<string> {
  const url = new URL(`/xrpc/${row.nsid}`, stage.network.url);
  if (method === "GET" || method === "HEAD") {
    const { params = {} } = await row.given(stage);
    for (const [name, value] of Object.entries(params)) {
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
  }
  const authorization: Record<string, string> =
    row.caller === "nobody" ? {} : { authorization: authorizationOf(row) };
  const response = await fetch(url, {
    method,
    headers: { ...authorization, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  if (response.ok || text === "") return String(response.status);
  return `${response.status} ${(JSON.parse(text) as { error: string }).error}`;
}

const named = (rows: readonly Row[]) => rows.map((row) => [row.nsid, row] as const);
const procedures = [...WRITES, ...LIFE];
interface Input {
  type: string;
  schema?: { shape?: Readonly<Record<string, { type?: string }>> };
}
const inputOf = (nsid: string) => lexicons.get(nsid)?.input as Input | null | undefined;
const takesJson = procedures.filter(({ nsid }) => inputOf(nsid)?.type === "lex");
const takesNothing = procedures.filter(({ nsid }) => inputOf(nsid) === null || inputOf(nsid) === undefined);
const wantsFields = takesJson.filter(({ nsid }) =>
  Object.values(inputOf(nsid)?.schema?.shape ?? {}).some(({ type }) => type !== "optional"),
);

const json = { "content-type": "application/json" };
const INVALID = "400 InvalidRequest";

describe("verbs", () => {
  test.each(named(READS))("%s is asked, not told; and may be asked for its head", async (_, row) => {
    expect(await answer(row, { method: "POST", headers: json, body: "{}" })).toBe(INVALID);
    expect(await answer(row, { method: "HEAD" })).toBe("200");
  });

  test.each(named(procedures))("%s is told, not asked", async (_, row) => {
    expect(await answer({ ...row, given: () => ({}) }, { method: "GET" })).toBe(INVALID);
  });
});

describe("bodies", () => {
  test("are of most procedures", () => {
    expect([takesJson.length > 35, wantsFields.length > 35, takesNothing.length > 5]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test.each(named(takesJson))(
    "%s: what is no JSON object of a known length and kind is refused",
    async (_, row) => {
      const wrong: Sent[] = [
        { method: "POST" },
        { method: "POST", headers: json },
        { method: "POST", body: Buffer.from("{}") },
        { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" },
        { method: "POST", headers: { "content-type": "application/cbor" }, body: Uint8Array.of(0xa0) },
        ...["", "{", "[]", "null", '"x"', "1", "{}{}", "\u{feff}", "[".repeat(1_000)].map((body) => ({
          method: "POST",
          headers: json,
          body,
        })),
        { method: "POST", headers: json, body: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d) },
        { method: "POST", headers: { ...json, "content-encoding": "gzip" }, body: "{}" },
      ];
      for (const sent of wrong) expect([sent, await answer(row, sent)]).toEqual([sent, INVALID]);
    },
  );

  test.each(named(wantsFields))(
    "%s: an object without its fields, or with fields of other kinds, is refused",
    async (nsid, row) => {
      const names = Object.keys(inputOf(nsid)?.schema?.shape ?? {});
      for (const value of [undefined, null, [[]], { $type: 1 }]) {
        const body = JSON.stringify(Object.fromEntries(names.map((name) => [name, value])));
        expect([body, await answer(row, { method: "POST", headers: json, body })]).toEqual([body, INVALID]);
      }
    },
  );
});

const WORDS = [
  '"',
  '""',
  '"calm',
  "*",
  "calm*",
  "AND",
  "NOT calm",
  "calm OR",
  "NEAR(calm day)",
  "(",
  ")",
  "{calm}",
  "^calm",
  "text:calm",
  "from:",
  "from:me",
  "from:@ben.test",
  "from:nobody.example.com calm",
  "mentions:@ben.test",
  "to:ben.test",
  "since:2026-13-99",
  "since:2026-01-01 until:2026-01-02",
  "until:tomorrow",
  "lang:",
  "lang:en calm",
  "domain:example.com",
  "url:https://example.com/",
  "#",
  "##",
  "#calm",
  "#💥",
  "'; DROP TABLE post; --",
  "%",
  "\\",
  "\u0000",
  "a\u0000b",
  "💥",
  "静か",
  "مرحبا",
  "-",
  "--calm",
  "calm ".repeat(500),
  "x".repeat(5_000),
];

describe("compressed bodies", () => {
  const find = (nsid: string): Row => {
    const row = procedures.find((one) => one.nsid === nsid);
    if (row === undefined) throw new Error(`no row of ${nsid}`);
    return row;
  };
  const packed = (
    coding: string,
    body: string | Uint8Array<ArrayBuffer>,
    type = "application/json",
  ): Sent => ({
    method: "POST",
    body: Uint8Array.from(typeof body === "string" ? Buffer.from(body) : body),
    headers: { "content-type": type, "content-encoding": coding },
  });
  const put = "com.atproto.repo.createRecord";
  const record = () =>
    JSON.stringify({
      repo: stage.ada.did,
      collection: "app.bsky.feed.post",
      record: { $type: "app.bsky.feed.post", text: "Packed", createdAt: "2026-11-28T12:00:00Z" },
    });

  test("are taken as they say they are", async () => {
    const row = find(put);
    expect(await answer(row, packed("gzip", gzipSync(record())))).toBe("200");
    expect(await answer(row, packed("deflate", deflateSync(record())))).toBe("200");
    expect(await answer(row, packed("identity", record()))).toBe("200");
    expect(await answer(row, packed("identity, X-GZIP", gzipSync(record())))).toBe("200");
    expect(await answer(row, packed("gzip, gzip", gzipSync(gzipSync(record()))))).toBe(
      "415 UnsupportedMediaType",
    );
    expect(await answer(row, packed("gzip", record()))).toBe(INVALID);
    expect(await answer(row, packed("gzip", gzipSync(record()).subarray(0, 60)))).toBe(INVALID);
    expect(await answer(row, packed("zip", record()))).toBe("415 UnsupportedMediaType");
  });

  test("are bounded by what is in them", async () => {
    const bomb = gzipSync(JSON.stringify({ repo: "x".repeat(20_000_000) }));
    expect(await answer(find(put), packed("gzip", bomb))).toBe("413 PayloadTooLargeError");
    const blob = find("com.atproto.repo.uploadBlob");
    const large = gzipSync(Buffer.alloc(5_300_000));
    expect(await answer(blob, packed("gzip", large, "image/png"))).toBe("413 PayloadTooLarge");
  });

  test("of blobs are kept as they were before", async () => {
    const plain = Buffer.from("the same ".repeat(1_000));
    const sent = packed("gzip", gzipSync(plain), "text/plain");
    const url = `${stage.network.url}/xrpc/com.atproto.repo.uploadBlob`;
    const headers = { ...sent.headers, authorization: `Bearer ${stage.ada.token}` };
    const response = await fetch(url, { method: "POST", headers, body: sent.body ?? null });
    expect(await response.json()).toMatchObject({ blob: { size: plain.byteLength, mimeType: "text/plain" } });
    expect(await answer(find("com.atproto.repo.uploadBlob"), packed("gzip", plain, "text/plain"))).toBe(
      INVALID,
    );
  });
});

describe("searches", () => {
  test.each([
    ["app.bsky.feed.searchPosts", "q"],
    ["app.bsky.feed.searchPostsV2", "query"],
    ["app.bsky.actor.searchActors", "q"],
    ["app.bsky.actor.searchActorsTypeahead", "q"],
    ["app.bsky.graph.searchStarterPacks", "q"],
    ["app.bsky.graph.searchStarterPacksV2", "q"],
    ["app.bsky.unspecced.getPopularFeedGenerators", "query"],
  ])("%s finds, or does not, and never fails", async (nsid, name) => {
    for (const [i, words] of WORDS.entries()) {
      const caller = i % 2 === 0 ? "member" : "nobody";
      const outcome = await outcomeOf(stage, nsid, caller, { params: { [name]: words } });
      expect([words, outcome]).toEqual([words, expect.stringMatching(/^(200|400 \w+)$/)]);
    }
  });
});

describe("headers", () => {
  test.each([
    [
      "atproto-accept-labelers",
      ["", ",", "nobody", "did:plc:x", "did:plc:x;redact", ";redact", "did:plc:x;;", "x".repeat(4_000)],
    ],
    [
      "accept-language",
      ["", "*", "de-DE,en;q=0.5", "💥".normalize(), ";;;"].filter((text) => /^[\x20-\x7e]*$/.test(text)),
    ],
    ["accept", ["text/html", "*/*", "application/json;q=0", "image/png"]],
    [
      "atproto-proxy",
      ["", "#", "nobody", "did:web:nowhere.example.com", "did:web:nowhere.example.com#x", "did:plc:x#y#z"],
    ],
  ])("%s may be anything, and is no reason to fail", async (name, values) => {
    const row = READS.find(({ nsid }) => nsid === "app.bsky.feed.getTimeline");
    if (row === undefined) throw new Error("no timeline");
    for (const value of values) {
      const outcome = await answer(row, { method: "GET", headers: { [name]: value } });
      expect([value, outcome]).toEqual([value, expect.stringMatching(/^(200|400 InvalidRequest)$/)]);
    }
  });
});
