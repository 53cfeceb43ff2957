/** One address may have so many subscriptions and no more, whatever its client says about itself. */
import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { serve } from "../../src/edge/app.ts";
import type { AccountStation } from "../../src/protocol/account-station.ts";
import type { Bindings } from "../../src/protocol/stations.ts";

const bindings: Bindings<AccountStation> = env as never;

describe.each([
  ["com.atproto.sync.subscribeRepos", 50],
  ["com.atproto.label.subscribeLabels", 20],
])("%s", (nsid, most) => {
  async function open(
    address: string | null,
    RATE_LIMITS: "on" | "off" = "on",
    said: Record<string, string> = {},
  ) {
    const headers = { upgrade: "websocket", ...said, ...(address ? { "cf-connecting-ip": address } : {}) };
    const request = new Request(`https://host.example/xrpc/${nsid}`, { headers });
    const { status, webSocket } = await serve(
      request,
      { ...bindings, RATE_LIMITS },
      createExecutionContext(),
    );
    webSocket?.accept();
    return { status, webSocket };
  }
  const statusOf = async (...given: Parameters<typeof open>) => (await open(...given)).status;

  test("refuses one too many of an address, or of an IPv6 network, and nobody else's", async () => {
    const opened: WebSocket[] = [];
    for (let i = 0; i < most; i++) {
      const { status, webSocket } = await open(`2001:db8::${i.toString(16)}`);
      expect(status).toBe(101);
      if (webSocket !== null) opened.push(webSocket);
    }
    expect(await statusOf("2001:db8::ffff")).toBe(429);
    expect(await statusOf("2001:db8::ffff", "on", { "atoll-subscriber": "another" })).toBe(429);
    expect(await statusOf("2001:db8:0:1::1")).toBe(101);
    expect(await statusOf("192.0.2.1", "on", { "atoll-subscriber": "2001:db8:0:0" })).toBe(101);
    expect(await statusOf(null, "on", { "atoll-subscriber": "2001:db8:0:0" })).toBe(101);
    expect(await statusOf("2001:db8::1", "off")).toBe(101);
    opened[0]?.close(1000);
    await expect.poll(() => statusOf("2001:db8::ffff")).toBe(101);
  });
});
