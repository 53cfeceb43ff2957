import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createTestNetwork, type TestNetwork } from "../../tools/kit/index.ts";

let network: TestNetwork;

/** What runs every minute. */
let everyMinute: (() => void)[] = [];

beforeAll(async () => {
  const timers = vi.spyOn(globalThis, "setInterval");
  network = await createTestNetwork({ hosts: ["north", "south"] });
  everyMinute = timers.mock.calls.flatMap(([fire, ms]) => (ms === 60_000 ? [fire as () => void] : []));
  timers.mockRestore();
}, 60_000);
afterAll(() => network.dispose());

test("two hosts of a network share its PLC directory and resolve each other's members", async () => {
  const { accounts } = await network.seed({ accounts: [{ name: "alice" }, { name: "bob", host: "south" }] });
  const [alice, bob] = [accounts.get("alice"), accounts.get("bob")];
  expect([alice?.handle, bob?.handle]).toEqual(["alice.north.test", "bob.south.test"]);
  const document = await (await fetch(`${network.plc}/${bob?.did}`)).json();
  expect(document).toMatchObject({ service: [{ serviceEndpoint: network.host("south").url }] });
  // Resolves the handle over DNS, then the document.
  const identity = await network.host("north").xrpc("com.atproto.identity.resolveIdentity", {
    params: { identifier: "bob.south.test" },
  });
  expect(identity).toMatchObject({ did: bob?.did, handle: "bob.south.test" });
});

test("a member moves a token from one host to the other", async () => {
  await network.account("alice");
  const { did, url } = network.host("south");
  const agent = network.agent("alice");
  const { data } = await agent.com.atproto.server.getServiceAuth({
    aud: did,
    lxm: "com.atproto.server.createAccount",
  });
  // The other host resolves the issuer at the shared directory and checks the signature. All it asks for is
  // an e-mail address.
  const answer = await fetch(`${url}/xrpc/com.atproto.server.createAccount`, {
    method: "POST",
    headers: { authorization: `Bearer ${data.token}`, "content-type": "application/json" },
    body: JSON.stringify({ handle: "alice2.south.test", did: agent.did, email: "moving@example.test" }),
  });
  expect([answer.status, await answer.json()]).toMatchObject([200, { did: agent.did }]);
});

test("one host is killed and the other goes on", async () => {
  await network.account("carol", { host: "south" });
  const pid = network.host("south").pid;
  await network.crash("north");
  expect(network.host("south").pid).toBe(pid);
  await network.agent("carol").post({ text: "still here" });
  await expect(network.account("dora", { host: "east" })).rejects.toThrow('There is no host "east".');
});

test("each host keeps its schedule, and a test may ask for it", async () => {
  const host = network.host("south");
  const leave = (did: string) =>
    host.query("DIRECTORY", "INSERT INTO unsettled VALUES (?, ?, 'stand', NULL, 0, 0)", `act of ${did}`, did);
  const left = async () => (await host.query("DIRECTORY", "SELECT did FROM unsettled")).length;
  // An act that a crash left, on somebody who is gone since.
  await leave("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa");
  await host.runSchedule();
  expect(await left()).toBe(0);
  await leave("did:plc:bbbbbbbbbbbbbbbbbbbbbbbb");
  for (const fire of everyMinute) fire();
  await expect.poll(left).toBe(0);
});
