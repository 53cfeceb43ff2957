import { expect, test } from "vitest";
import { AddressCounters } from "../../src/xrpc/server/address-limits.ts";
import { isRefusal } from "../../src/protocol/refusal.ts";
import { clientAddress } from "../../src/xrpc/server/client-address.ts";
import { refusalOf } from "../support/bindings.ts";

const START = Date.parse("2026-11-23T10:00:00.000Z");
const MINUTE = 60_000;

test("a request that passes is told how many are left, and until when", () => {
  const counters = new AddressCounters();
  counters.consume("192.0.2.1", "com.atproto.server.getSession", START);
  const headers = counters.consume("192.0.2.1", "com.atproto.server.getSession", START + 1_000);
  expect(headers).toEqual({
    "ratelimit-limit": "3000",
    "ratelimit-remaining": "2998",
    "ratelimit-reset": String((START + 5 * MINUTE) / 1000),
    "ratelimit-policy": "3000;w=300",
  });
});

test("the 3001st request of an address is refused, another address's first is not", async () => {
  const counters = new AddressCounters();
  const ask = (address: string, at = START) =>
    refusalOf((async () => counters.consume(address, "app.bsky.feed.getTimeline", at))());
  for (let i = 0; i < 3000; i++) counters.consume("192.0.2.1", "app.bsky.feed.getTimeline", START);
  expect((await ask("192.0.2.1")).error).toBe("RateLimitExceeded");
  expect((await ask("192.0.2.2")).error).toBe("(none)");
  expect((await ask("192.0.2.1", START + 5 * MINUTE)).error).toBe("(none)");
});

test("a refusal carries the standard headers", () => {
  const counters = new AddressCounters();
  const reset = () => counters.consume("192.0.2.1", "com.atproto.server.resetPassword", START);
  for (let i = 0; i < 50; i++) reset();
  let refusal: unknown;
  try {
    reset();
  } catch (thrown) {
    refusal = thrown;
  }
  expect(isRefusal(refusal) && { status: refusal.status, ...refusal.headers }).toEqual({
    status: 429,
    "ratelimit-limit": "50",
    "ratelimit-remaining": "0",
    "ratelimit-reset": String((START + 5 * MINUTE) / 1000),
    "ratelimit-policy": "50;w=300",
  });
});

test("exports of repos are counted apart from everything else", () => {
  const counters = new AddressCounters();
  for (let i = 0; i < 3000; i++) counters.consume("192.0.2.1", "com.atproto.sync.getLatestCommit", START);
  const headers = counters.consume("192.0.2.1", "com.atproto.sync.getRepo", START);
  expect(headers["ratelimit-remaining"]).toBe("5999");
});

test.each([
  [null, "local"],
  ["192.0.2.7", "192.0.2.7"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["2001:0db8:0000:0000:ffff:1:2:3", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["::ffff:192.0.2.7", "::ffff:192.0.2.7"],
])("requests from %s are counted as %s", (address, counted) => {
  const headers = address === null ? undefined : { "cf-connecting-ip": address };
  expect(clientAddress(new Request("http://x/", headers === undefined ? {} : { headers }))).toBe(counted);
});
