/** Everything that a stranger may ask costs of the same count per address, or has one of its own. */
import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { expect, test } from "vitest";
import { serve } from "../../src/edge/app.ts";
import type { AccountStation } from "../../src/protocol/account-station.ts";
import type { Bindings } from "../../src/protocol/stations.ts";
import { consumeForAddress } from "../../src/xrpc/server/address-limits.ts";
import { ORIGIN } from "../support/account-host.ts";

const bindings: Bindings<AccountStation> = {
  ...(env as never as Bindings<AccountStation>),
  RATE_LIMITS: "on",
};

const from = (address: string, path: string, headers: Record<string, string> = {}) =>
  new Request(new URL(path, ORIGIN), { headers: { "cf-connecting-ip": address, ...headers } });

async function ask(request: Request): Promise<number> {
  const response = await serve(request, bindings, createExecutionContext());
  await response.body?.cancel();
  return response.status;
}

let made = 0;
const newAddress = () => `198.18.0.${made++}`;

/** Uses up a count of an address. */
function use(address: string, kind: string, times: number) {
  for (let i = 0; i < times; i++) consumeForAddress(from(address, "/"), kind, bindings);
}

const CID = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
const page = { accept: "text/html" };

test.each([
  ["/xrpc/_health", {}, 200],
  ["/xrpc/com.atproto.server.describeServer", {}, 200],
  ["/xrpc/com.atproto.sync.subscribeRepos", {}, 426],
  ["/xrpc/com.atproto.label.subscribeLabels", {}, 426],
  ["/.well-known/did.json", {}, 200],
  ["/.well-known/atproto-did", {}, 404],
  ["/.well-known/oauth-protected-resource", {}, 200],
  ["/.well-known/oauth-authorization-server", {}, 200],
  ["/oauth/jwks", {}, 200],
  ["/status", {}, 200],
  ["/status", page, 200],
  ["/", page, 200],
])("%s %o is counted with everything from its address", async (path, headers, status) => {
  const address = newAddress();
  expect(await ask(from(address, path, headers))).toBe(status);
  use(address, "app.bsky.feed.getTimeline", 2999);
  expect(await ask(from(address, path, headers))).toBe(429);
  expect(await ask(from(newAddress(), path, headers))).toBe(status);
});

test.each([`/img/avatar/plain/did:plc:a/${CID}@jpeg`, `/blob/did:plc:a/${CID}`])(
  "%s is counted with the pictures of its address, apart from everything",
  async (path) => {
    const address = newAddress();
    use(address, "app.bsky.feed.getTimeline", 3000);
    expect(await ask(from(address, path))).toBe(404);
    use(address, "pictures", 5999);
    expect(await ask(from(address, path))).toBe(429);
    expect(await ask(from(newAddress(), path))).toBe(404);
  },
);

test("a name that every object has is no limit's: it is a path like any other", async () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf"]) {
    const response = await serve(from(newAddress(), `/xrpc/${name}`), bindings, createExecutionContext());
    expect([name, response.status, await response.json()]).toEqual([
      name,
      400,
      { error: "InvalidRequest", message: "invalid xrpc path" },
    ]);
  }
});
