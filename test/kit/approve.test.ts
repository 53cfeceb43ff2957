/** What docs/testing.md promises of OAuth: an app under test signs a member in, with the official client. */
import { NodeOAuthClient, type NodeSavedSession, type NodeSavedState } from "@atproto/oauth-client-node";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createTestNetwork, type TestNetwork } from "../../tools/kit/index.ts";

let network: TestNetwork;
beforeAll(async () => {
  network = await createTestNetwork();
}, 60_000);
afterAll(() => network.dispose());

function store<Value>() {
  const kept = new Map<string, Value>();
  return {
    get: (key: string) => kept.get(key),
    set: (key: string, value: Value) => void kept.set(key, value),
    del: (key: string) => void kept.delete(key),
  };
}

const SCOPE = "atproto transition:generic";
const REDIRECT = "http://127.0.0.1:8080/callback";

function clientOf(): NodeOAuthClient {
  const query = new URLSearchParams({ scope: SCOPE, redirect_uri: REDIRECT });
  return new NodeOAuthClient({
    clientMetadata: {
      client_id: `http://localhost?${query.toString()}`,
      redirect_uris: [REDIRECT],
      scope: SCOPE,
      token_endpoint_auth_method: "none",
      dpop_bound_access_tokens: true,
    },
    handleResolver: network.url,
    plcDirectoryUrl: network.plc,
    allowHttp: true,
    stateStore: store<NodeSavedState>(),
    sessionStore: store<NodeSavedSession>(),
    requestLock: (_key, run) => run(),
  });
}

test("a member allows an app, which then acts for them", async () => {
  const alice = await network.account("alice");
  const client = clientOf();
  const back = await network.approve(await client.authorize("alice.test", { state: "mine" }), "alice");
  expect(back.href.startsWith(REDIRECT)).toBe(true);
  const { session, state } = await client.callback(back.searchParams);
  expect([session.did, state]).toEqual([alice.did, "mine"]);
  const answer = await session.fetchHandler("/xrpc/com.atproto.server.getSession");
  expect(await answer.json()).toMatchObject({ did: alice.did, handle: "alice.test" });
});

test("a member who denies sends the app that answer", async () => {
  await network.account("alice");
  const client = clientOf();
  const back = await network.approve(await client.authorize("alice.test"), "alice", { deny: true });
  expect(back.searchParams.get("error")).toBe("access_denied");
  await expect(client.callback(back.searchParams)).rejects.toThrow("rejected");
});

test("an app whose clock goes with the hosts' is let in after they were moved", async () => {
  await network.account("alice");
  await network.clock.advance("3h");
  vi.useFakeTimers({ toFake: ["Date"], now: network.clock.now() });
  onTestFinished(() => void vi.useRealTimers());
  // The kit's clock goes on by the machine's time, though this process's stands still.
  expect(Math.abs(network.clock.now().getTime() - Date.now())).toBeLessThan(60_000);
  const client = clientOf();
  const back = await network.approve(await client.authorize("alice.test"), "alice");
  await client.callback(back.searchParams);
  vi.useRealTimers();
  await network.clock.set(new Date());
});

test("an account that does not exist, and a page that is no request, are named", async () => {
  await expect(network.approve(network.url, "zoe")).rejects.toThrow('There is no account "zoe"');
  await network.account("alice");
  await expect(network.approve(`${network.url}/oauth/authorize`, "alice")).rejects.toThrow("no form");
});
