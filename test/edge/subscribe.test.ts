/** One address may have fifty firehose subscriptions, whatever its client says about itself. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { subscribeRepos } from "../../src/edge/subscribe.ts";
import type { Bindings } from "../../src/protocol/stations.ts";

const bindings: Bindings = env as never;
const URL_OF_IT = "https://host.example/xrpc/com.atproto.sync.subscribeRepos";

async function open(
  address: string | null,
  RATE_LIMITS: "on" | "off" = "on",
  said: Record<string, string> = {},
) {
  const headers = { upgrade: "websocket", ...said, ...(address ? { "cf-connecting-ip": address } : {}) };
  const { status, webSocket } = await subscribeRepos(new Request(URL_OF_IT, { headers }), {
    ...bindings,
    RATE_LIMITS,
  });
  webSocket?.accept();
  return status;
}

test("the fifty-first of an address, or of an IPv6 network, is refused; nobody else's is", async () => {
  for (let i = 0; i < 50; i++) expect(await open(`2001:db8::${i.toString(16)}`)).toBe(101);
  expect(await open("2001:db8::ffff")).toBe(429);
  expect(await open("2001:db8::ffff", "on", { "atoll-subscriber": "another" })).toBe(429);
  expect(await open("2001:db8:0:1::1")).toBe(101);
  expect(await open("192.0.2.1", "on", { "atoll-subscriber": "2001:db8:0:0" })).toBe(101);
  expect(await open(null, "on", { "atoll-subscriber": "2001:db8:0:0" })).toBe(101);
  expect(await open("2001:db8::1", "off")).toBe(101);
});
