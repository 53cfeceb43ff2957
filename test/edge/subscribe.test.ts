/** One address may have so many subscriptions and no more, whatever its client says about itself. */
import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { serve } from "../../src/edge/app.ts";
import type { AccountStation } from "../../src/protocol/account-station.ts";
import type { Bindings } from "../../src/protocol/stations.ts";

const bindings: Bindings<AccountStation> & { BLOBS: R2Bucket } = env as never;

describe.each([
  ["xrpc/com.atproto.sync.subscribeRepos", 50],
  ["subscribe", 50],
  ["xrpc/com.atproto.label.subscribeLabels", 20],
])("%s", (path, most) => {
  async function open(
    address: string | null,
    RATE_LIMITS: "on" | "off" = "on",
    said: Record<string, string> = {},
  ) {
    const headers = { upgrade: "websocket", ...said, ...(address ? { "cf-connecting-ip": address } : {}) };
    const request = new Request(`https://host.example/${path}`, { headers });
    const { status, webSocket } = await serve(
      request,
      { ...bindings, RATE_LIMITS },
      createExecutionContext(),
    );
    webSocket?.accept();
    return { status, webSocket };
  }
  const network = path.length.toString(16);
  const statusOf = async (...given: Parameters<typeof open>) => (await open(...given)).status;

  test("refuses one too many of an address, or of an IPv6 network, and nobody else's", async () => {
    const opened: WebSocket[] = [];
    for (let i = 0; i < most; i++) {
      const { status, webSocket } = await open(`2001:db8:${network}::${i.toString(16)}`);
      expect(status).toBe(101);
      if (webSocket !== null) opened.push(webSocket);
    }
    expect(await statusOf(`2001:db8:${network}::ffff`)).toBe(429);
    expect(await statusOf(`2001:db8:${network}::ffff`, "on", { "atoll-subscriber": "another" })).toBe(429);
    expect(await statusOf(`2001:db8:${network}:1::1`)).toBe(101);
    expect(
      await statusOf(`192.0.2.${path.length}`, "on", { "atoll-subscriber": `2001:db8:${network}:0` }),
    ).toBe(101);
    expect(await statusOf(null, "on", { "atoll-subscriber": `2001:db8:${network}:0` })).toBe(101);
    expect(await statusOf(`2001:db8:${network}::1`, "off")).toBe(101);
    opened[0]?.close(1000);
    await expect.poll(() => statusOf(`2001:db8:${network}::ffff`)).toBe(101);
  });

  test("counts those that come at once as exactly", async () => {
    const opened = await Promise.all(
      Array.from({ length: most * 2 }, () => statusOf(`192.0.3.${path.length}`)),
    );
    expect(opened.filter((status) => status === 101)).toHaveLength(most);
  });

  test("seats each of as many as may come, all at once", async () => {
    const address = `192.0.5.${path.length}`;
    const opened = await Promise.all(Array.from({ length: most }, () => statusOf(address)));
    expect(opened.filter((status) => status === 101)).toHaveLength(most);
    expect(await statusOf(address)).toBe(429);
  });

  test("tells a request that is no upgrade to upgrade", async () => {
    const request = new Request(`https://host.example/${path}`);
    const { status, headers } = await serve(request, bindings, createExecutionContext());
    expect([status, headers.get("upgrade")]).toEqual([426, "websocket"]);
  });
});

test("both streams of a host are counted together", async () => {
  const open = async (path: string) => {
    const headers = { upgrade: "websocket", "cf-connecting-ip": "192.0.4.1" };
    const request = new Request(`https://host.example/${path}`, { headers });
    const response = await serve(request, { ...bindings, RATE_LIMITS: "on" }, createExecutionContext());
    response.webSocket?.accept();
    return response.status;
  };
  for (let i = 0; i < 25; i++) {
    expect(await open("subscribe")).toBe(101);
    expect(await open("xrpc/com.atproto.sync.subscribeRepos")).toBe(101);
  }
  expect(await open("subscribe")).toBe(429);
});
