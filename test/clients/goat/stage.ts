/** Hosts for goat to talk to, and terminals to run it in. */
import { createTestNetwork, type TestNetwork } from "../../../tools/kit/index.ts";
import { Admin } from "./admin.ts";
import { Directory } from "./directory.ts";
import { Goat } from "./goat.ts";

export const ALICE = {
  handle: "alice.north.test",
  password: "password <of> alice & goat",
  email: "alice@mail.example.com",
};

/** Two hosts that require invites. */
export const startNetwork = (): Promise<TestNetwork> =>
  createTestNetwork({ platform: "free", hosts: ["north", "south"], vars: { REGISTRATION: "invite" } });

/** A terminal with a session file of its own. */
export const terminal = (network: TestNetwork): Goat =>
  new Goat(
    new Directory(
      network.plc,
      (handle) => network.host(handle.endsWith(".south.test") ? "south" : "north").url,
    ),
  );

export function adminOf(network: TestNetwork, name: "north" | "south"): Admin {
  const { url: host, adminPassword: password } = network.host(name);
  return new Admin(terminal(network), { host, password });
}
