/** Requests that no client library sends, byte by byte: each is refused by name, none is a fault of ours. */
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningHost, startHost } from "../../tools/dev/host.ts";
import { xrpc } from "../../tools/dev/xrpc-client.ts";

const faults: string[] = [];
let host: RunningHost;

beforeAll(async () => {
  host = await startHost({
    vars: { REGISTRATION: "open", RATE_LIMITS: "off" },
    log: ({ level, message }) => {
      if (level === "error") faults.push(message);
    },
  });
});
afterAll(async () => {
  await host.stop();
  expect(faults).toEqual([]);
});

/** Sends a request as it is written, and returns status and error name of the answer. */
async function sent(head: string[], body = ""): Promise<string> {
  const answer = await sentWhole(head, body);
  const [, status = ""] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
  const [, error = ""] = /"error":"(\w+)"/.exec(answer) ?? [];
  return `${status} ${error}`.trim();
}

/** The answer as it came. */
function sentWhole(head: string[], body = ""): Promise<string> {
  const text = `${[...head, "Connection: close"].join("\r\n")}\r\n\r\n${body}`;
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(new URL(host.origin).port), "localhost");
    let answer = "";
    socket.on("data", (chunk) => (answer += String(chunk)));
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.write(text);
  });
}

const DESCRIBE = "GET /xrpc/com.atproto.server.describeServer HTTP/1.1";
const hostHeader = () => `Host: ${new URL(host.origin).host}`;

describe("a Host header", () => {
  test.each([
    ["with a space", "alice .test"],
    ["with a bracket", "["],
    ["with two ports", "alice.test:1:2"],
    ["with too large a port", "alice.test:99999"],
    ["with an encoded NUL", "%00"],
    ["with a path", "alice.test/xrpc"],
    ["with a query", "alice.test?a"],
    ["with a user", "alice@alice.test"],
    ["with two hosts", "alice.test, bob.test"],
    ["given twice", "alice.test\r\nHost: bob.test"],
  ])("%s is InvalidRequest", async (_, value) => {
    for (const line of [
      DESCRIBE,
      "GET /xrpc/_health HTTP/1.1",
      "GET / HTTP/1.1",
      "GET /status HTTP/1.1",
      "GET /.well-known/atproto-did HTTP/1.1",
      "GET /.well-known/did.json HTTP/1.1",
      "GET /oauth/jwks HTTP/1.1",
      "GET /img/avatar/plain/did:plc:a/b@jpeg HTTP/1.1",
    ]) {
      expect(await sent([line, `Host: ${value}`]), line).toBe("400 InvalidRequest");
    }
  });

  test("of a member, of another port, or beyond ASCII is none of that", async () => {
    for (const value of ["alice.test", "localhost:1", "[::1]:2583", "a_b.test", "münchen.test"]) {
      expect(await sent([DESCRIBE, `Host: ${value}`]), value).toBe("200");
    }
  });
});

describe("a body in broken chunks", () => {
  const readers = [
    ["/xrpc/com.atproto.server.createSession", "application/json", "400 InvalidRequest"],
    ["/xrpc/com.atproto.server.requestPasswordReset", "application/json", "400 InvalidRequest"],
    ["/oauth/token", "application/json", "400 invalid_request"],
    ["/oauth/par", "application/x-www-form-urlencoded", "400 invalid_request"],
    ["/account/sign-in", "application/x-www-form-urlencoded", "400 InvalidRequest"],
  ] as const;

  test.each(readers)("at %s is refused by name", async (path, type, expected) => {
    const head = [
      `POST ${path} HTTP/1.1`,
      hostHeader(),
      `Origin: ${host.origin}`,
      "Sec-Fetch-Site: same-origin",
      `Content-Type: ${type}`,
      "Transfer-Encoding: chunked",
    ];
    // No length; a length too small; a length that is no number after a good chunk.
    for (const body of ["zz\r\nabc\r\n0\r\n\r\n", "1\r\n{abc\r\n0\r\n\r\n", "2\r\n{}\r\n-1\r\n\r\n"]) {
      expect(await sent(head, body), body).toBe(expected);
    }
  });
});

describe("a path", () => {
  test.each([
    [
      "/img/avatar/plain/%zz/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy@jpeg",
      "400 InvalidRequest",
    ],
    [
      "/img/avatar/plain/did:plc:%ff/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
      "400 InvalidRequest",
    ],
    ["/blob/%/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", "400 InvalidRequest"],
    ["/watch/%zz", "400 InvalidRequest"],
    ["/watch/%zz/%ff/playlist.m3u8", "400 InvalidRequest"],
    ["/xrpc/%zz", "400 InvalidRequest"],
    ["/xrpc/com.atproto.repo.getRecord?repo=%zz&collection=%ff&rkey=%", "400 InvalidRequest"],
    ["/%zz", "404 NotFound"],
  ])("%s, wrongly encoded, is refused by name", async (path, expected) => {
    expect(await sent([`GET ${path} HTTP/1.1`, hostHeader()])).toBe(expected);
  });

  test.each([
    "/xrpc/com.atproto.server.describeServer/",
    "/xrpc/_health/",
    "/status/",
    "/.well-known/did.json/",
    "/oauth/jwks/",
  ])("%s, with a slash at its end, is the one without", async (path) => {
    expect(await sent([`GET ${path} HTTP/1.1`, hostHeader()])).toBe("200");
  });

  test("with two slashes at its end is none of ours", async () => {
    const path = "/xrpc/com.atproto.server.describeServer//";
    expect(await sent([`GET ${path} HTTP/1.1`, hostHeader()])).toBe("400 InvalidRequest");
  });
});

describe("an upload", () => {
  const upload = async (lines: string[], body = "") => {
    const { accessJwt } = (await xrpc(host.origin, "com.atproto.server.createAccount", {
      input: { handle: `up${uploads++}.test`, email: `up${uploads}@example.com`, password: "a password" },
    })) as { accessJwt: string };
    const head = [
      "POST /xrpc/com.atproto.repo.uploadBlob HTTP/1.1",
      hostHeader(),
      `Authorization: Bearer ${accessJwt}`,
      "Content-Type: text/plain",
    ];
    return sentWhole([...head, ...lines], body);
  };
  let uploads = 0;
  /** CIDv1 of no bytes, raw, SHA-256. */
  const EMPTY = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

  test.each([
    ["announced as empty", ["Content-Length: 0"], ""],
    ["in chunks, of which there are none", ["Transfer-Encoding: chunked"], "0\r\n\r\n"],
  ])("%s is an empty blob, as in the reference", async (_, lines, body) => {
    const answer = await upload(lines, body);
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(answer).toContain(`"$link":"${EMPTY}"`);
    expect(answer).toContain('"size":0');
  });

  test("in broken chunks is refused by name", async () => {
    expect(await upload(["Transfer-Encoding: chunked"], "zz\r\nab")).toMatch(
      /^HTTP\/1\.1 400[^]*InvalidRequest/,
    );
  });
});
