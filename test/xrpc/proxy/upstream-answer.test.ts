/** What a member gets of another service's answer: its words and its numbers, and nothing that could mislead. */
import { describe, expect, test } from "vitest";
import { answer, isJsonType, nameOf, ourStatus } from "../../../src/xrpc/proxy/upstream-answer.ts";
import { refusalOf } from "../../support/bindings.ts";

const JSON_TYPE = { "content-type": "application/json" };
const MAX = 10 * 1024 * 1024;

const given = (body: BodyInit | null, status: number, headers: Record<string, string> = {}) =>
  new Response(body, { status, headers });

describe("an error", () => {
  test.each([
    [400, 400, "InvalidRequest"],
    [401, 401, "AuthenticationRequired"],
    [403, 403, "Forbidden"],
    [404, 404, "XRPCNotSupported"],
    [405, 405, "InvalidRequest"],
    [413, 413, "PayloadTooLarge"],
    [418, 418, "InvalidRequest"],
    [429, 429, "RateLimitExceeded"],
    [500, 502, "UpstreamFailure"],
    [501, 501, "MethodNotImplemented"],
    [502, 502, "UpstreamFailure"],
    [503, 503, "NotEnoughResources"],
    [504, 504, "UpstreamTimeout"],
    [520, 520, "UpstreamFailure"],
  ])("%i as a page for browsers becomes %i %s, without the page", async (status, ours, error) => {
    const page = given("<h1>Nothing here for you</h1>", status, { "content-type": "text/html" });
    const told = await answer(page);
    expect(told.status).toBe(ours);
    expect(told.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await told.json()).toEqual({ error, message: `The service answered with status ${status}` });
    expect([ourStatus(status), nameOf(ours)]).toEqual([ours, error]);
  });

  test("that says what it is keeps its own name and words, whatever its status becomes", async () => {
    const said = { error: "QueueFull", message: "come back later" };
    for (const [status, ours] of [
      [400, 400],
      [500, 502],
      [503, 503],
    ] as const) {
      const told = await answer(given(JSON.stringify(said), status, JSON_TYPE));
      expect([told.status, await told.json()]).toEqual([ours, said]);
    }
  });

  test("without any body is one by name as well", async () => {
    const told = await answer(given(null, 404));
    expect([told.status, await told.json()]).toMatchObject([404, { error: "XRPCNotSupported" }]);
  });
});

describe("headers", () => {
  test("that clients need are passed on, and no others", async () => {
    const needed = {
      "content-type": "application/json",
      "content-language": "de",
      "atproto-repo-rev": "3kabc",
      "atproto-content-labelers": "did:web:labels.example.com",
      "retry-after": "30",
    };
    const told = await answer(
      given("{}", 200, {
        ...needed,
        "set-cookie": "a=b",
        "access-control-allow-origin": "https://evil.example.com",
        "content-security-policy": "default-src *",
        "cache-control": "public, max-age=31536000",
        "strict-transport-security": "max-age=1",
        location: "https://evil.example.com",
        "www-authenticate": "Basic",
        "dpop-nonce": "theirs",
        "content-encoding": "gzip",
        server: "x",
      }),
    );
    expect(Object.fromEntries(told.headers)).toEqual(needed);
  });

  test("of an error page keep when to come back", async () => {
    const told = await answer(given("busy", 503, { "content-type": "text/plain", "retry-after": "30" }));
    expect(told.headers.get("retry-after")).toBe("30");
    expect(told.headers.get("content-type")).toBe("application/json; charset=utf-8");
  });
});

describe("what is refused", () => {
  test.each([301, 302, 303, 307, 308])("a redirect by %i, which could lead anywhere", async (status) => {
    const redirect = given(null, status, { location: "https://evil.example.com/" });
    expect(await refusalOf(answer(redirect))).toEqual({
      error: "UpstreamFailure",
      message: "The service answered with a redirect",
    });
  });

  test("a body that is announced as too long, before a byte of it", async () => {
    let isCancelled = false;
    const body = new ReadableStream({
      cancel() {
        isCancelled = true;
      },
    });
    const long = given(body, 200, { ...JSON_TYPE, "content-length": String(MAX + 1) });
    expect(await refusalOf(answer(long))).toEqual({
      error: "UpstreamFailure",
      message: "The answer is too long",
    });
    expect(isCancelled).toBe(true);
  });
});

describe("a body of unknown length", () => {
  const MIB = new Uint8Array(1024 * 1024);

  /** Sends so many MiB, and then so many bytes. */
  function sending(mebibytes: number, bytes = 0): ReadableStream<Uint8Array> {
    let left = mebibytes;
    return new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(MIB);
        else {
          if (bytes > 0) controller.enqueue(MIB.subarray(0, bytes));
          controller.close();
        }
      },
    });
  }

  test("of just the most that it may have arrives whole", async () => {
    const told = await answer(given(sending(10), 200, JSON_TYPE));
    expect((await told.arrayBuffer()).byteLength).toBe(MAX);
  });

  test("one byte longer breaks off, so that no part passes for the whole", async () => {
    const told = await answer(given(sending(10, 1), 200, JSON_TYPE));
    expect(told.status).toBe(200);
    await expect(told.arrayBuffer()).rejects.toThrow("too long");
  });
});

test.each([
  ["application/json", true],
  ["application/json; charset=utf-8", true],
  ["APPLICATION/JSON", true],
  ["application/problem+json", true],
  ["application/vnd.api+json ; charset=utf-8", true],
  ["application/jsonp", false],
  ["application/json-seq", false],
  ["application/jsonlines", false],
  ["text/json", false],
  ["text/html", false],
  ["", false],
  [null, false],
])("%s is JSON: %s", (type, expected) => {
  expect(isJsonType(type)).toBe(expected);
});
