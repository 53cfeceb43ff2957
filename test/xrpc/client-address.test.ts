/** By which address a request is counted. Whoever holds an IPv6 network has every address in it. */
import { describe, expect, test } from "vitest";
import { NO_ADDRESS, clientAddress } from "../../src/xrpc/server/client-address.ts";
import { subscription } from "../../src/xrpc/server/subscription.ts";
import { SUBSCRIBER_HEADER } from "../../src/protocol/stations.ts";

const from = (address: string | null, more: Record<string, string> = {}) =>
  new Request("https://pds.example.com/", {
    headers: { ...more, ...(address === null ? {} : { "cf-connecting-ip": address }) },
  });

describe("an address counts", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:0db8:0001:0002:0003:0004:0005:0006", "2001:db8:1:2"],
    ["2001:DB8:1:2::", "2001:db8:1:2"],
    ["2001:db8:1:2::1", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001:db8:0:0::", "2001:db8:0:0"],
    ["2001:db8::2:3:4:5:6", "2001:db8:0:2"],
    ["2001::2:3:4:5:6:7", "2001:0:2:3"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["1::", "1:0:0:0"],
    ["fe80::1:2:3:4", "fe80:0:0:0"],
    ["0:0:0:1::", "0:0:0:1"],
  ])("%s as %s", (address, counted) => {
    expect(clientAddress(from(address))).toBe(counted);
  });

  test("all of one network as one, and its neighbour as another", () => {
    const counted = (address: string) => clientAddress(from(address));
    const inside = [
      "2001:db8:1:2::",
      "2001:db8:1:2::f",
      "2001:db8:1:2:ffff:ffff:ffff:ffff",
      "2001:0DB8:1:02:0::1",
    ];
    expect(new Set(inside.map(counted)).size).toBe(1);
    expect(counted("2001:db8:1:3::")).not.toBe(counted("2001:db8:1:2::"));
  });

  test("all Workers' as their zones, and a zone that is only claimed as nothing", () => {
    const shared = "2a06:98c0:3600::103";
    const counted = (address: string, zone?: string) =>
      clientAddress(from(address, zone === undefined ? {} : { "cf-worker": zone }));
    expect(counted(shared, "north.example.com")).toBe("worker north.example.com");
    expect(counted(shared, "South.example.com")).toBe("worker south.example.com");
    expect(counted(shared)).toBe("worker ");
    expect(counted("192.0.2.1", "north.example.com")).toBe("192.0.2.1");
    expect(counted("2a06:98c0:3600::104", "north.example.com")).toBe("2a06:98c0:3600:0");
    expect(clientAddress(from(null, { "cf-worker": "north.example.com" }))).toBe(NO_ADDRESS);
  });

  test("as none in a local run, whatever else its client says", () => {
    for (const name of [
      "x-forwarded-for",
      "x-real-ip",
      "forwarded",
      "true-client-ip",
      "cf-connecting-ipv6",
    ]) {
      expect(clientAddress(from(null, { [name]: "192.0.2.7" }))).toBe(NO_ADDRESS);
      expect(clientAddress(from("192.0.2.1", { [name]: "192.0.2.7" }))).toBe("192.0.2.1");
    }
  });
});

describe("a subscription is marked", () => {
  const marked = (request: Request, RATE_LIMITS: "on" | "off" = "on") =>
    subscription(request, { RATE_LIMITS }).headers.get(SUBSCRIBER_HEADER);

  test("by its address, never by what its client says of it", () => {
    const said = { [SUBSCRIBER_HEADER]: "somebody else" };
    expect(marked(from("2001:db8::1"))).toBe("2001:db8:0:0");
    expect(marked(from("192.0.2.1", said))).toBe("192.0.2.1");
    expect(marked(from(null, said))).toBeNull();
    expect(marked(from("2a06:98c0:3600::103", { "cf-worker": "north.example.com" }))).toBe(
      "worker north.example.com",
    );
    expect(marked(from("192.0.2.1", said), "off")).toBeNull();
  });

  test("and keeps its upgrade and its query", () => {
    const request = new Request("https://pds.example.com/subscribe?cursor=7", {
      headers: { upgrade: "websocket", "cf-connecting-ip": "192.0.2.1" },
    });
    const { url, headers } = subscription(request, { RATE_LIMITS: "on" });
    expect([url, headers.get("upgrade")]).toEqual([request.url, "websocket"]);
  });
});
