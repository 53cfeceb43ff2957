import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { createTestNetwork, type TestNetwork } from "../../tools/kit/index.ts";

let network: TestNetwork | null = null;
afterEach(() => network?.dispose());

test("a port that is taken is named, and what to do", async () => {
  const other = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as AddressInfo;
  await expect(createTestNetwork({ port })).rejects.toThrow(
    `Port ${port} is taken by another process. Leave \`port\` out, and the network finds free ones.`,
  );
  other.close();
});

test("a var with a typo is found, and what was meant", async () => {
  const vars = { REGISTRATON: "invite" } as object;
  await expect(createTestNetwork({ vars })).rejects.toThrow(
    'vars: there is no "REGISTRATON". Did you mean "REGISTRATION"?',
  );
});

test.each<[what: object, said: string]>([
  [{ prot: 3000 }, 'createTestNetwork: there is no "prot". Did you mean "port"?'],
  [{ port: 80 }, "port 80: a number from 1025 to 65535."],
  [{ port: "3000" }, 'port "3000": a number from 1025 to 65535.'],
  [{ port: 6001 }, "port 6001: fetch refuses to ask it, or the one below."],
  [{ hosts: "north" }, 'hosts: a list of names is wanted, not "north"'],
  [{ hosts: [] }, "hosts: a network has at least one"],
  [{ now: "soon" }, "now: soon is no date"],
  [{ folder: "/nowhere" }, "folder: nothing can be kept in /nowhere"],
  [
    { vars: { REGISTRATION: "opne" } },
    'REGISTRATION is "opne", which is none of invite, approval, open, closed',
  ],
])("an option that cannot be is refused in words: %j", async (options, said) => {
  await expect(createTestNetwork(options)).rejects.toThrow(said);
});

test("hosts' names must fit into handles, and differ", async () => {
  await expect(createTestNetwork({ hosts: ["North"] })).rejects.toThrow('hosts[0] "North"');
  await expect(createTestNetwork({ hosts: ["a", "a"] })).rejects.toThrow('"a" is there twice');
});

test("a seed and an instant are there from the start", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "kit-folder-"));
  network = await createTestNetwork({
    folder,
    now: "2030-06-01T12:00:00Z",
    vars: { REGISTRATION: "open" },
    seed: { accounts: [{ name: "alice" }], posts: [{ id: "one", by: "alice", text: "then" }] },
  });
  const { data } = await network.agent("alice").getAuthorFeed({ actor: "alice.test" });
  expect(data.feed[0]?.post.record.createdAt).toMatch(/^2030-06-01T1[12]:/);
  await network.dispose();
  rmSync(folder, { recursive: true });
});

test("a runtime that ended says so", async () => {
  network = await createTestNetwork();
  process.kill(network.host().pid, "SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 100));
  await expect(network.settle()).rejects.toThrow('The runtime of host "host" has ended.');
});
