import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { IdResolver } from "@atproto/identity";
import { createTestNetwork, type TestNetwork } from "atoll-host/testing";
import { follow } from "../src/indexer.ts";
import { COLLECTION } from "../src/lexicon.ts";
import { serve } from "../src/server.ts";
import { Store } from "../src/store.ts";

let network: TestNetwork;
let store: Store;
let stop: () => Promise<void>;

const start = () =>
  follow(store, {
    firehose: network.url.replace("http", "ws"),
    // The resolver's default fetch allows only public addresses, and the network is on this machine.
    identities: new IdResolver({ plcUrl: network.plc, fetch }),
  });

before(async () => {
  network = await createTestNetwork();
});
after(() => network.dispose());
beforeEach(async () => {
  await network.reset();
  await network.seed({ accounts: [{ name: "alice" }, { name: "bob" }] });
  store = new Store();
  stop = start();
});
afterEach(() => stop());

const did = (name: string) => network.accounts.get(name)?.did ?? "";

/** Bob writes into Alice's guestbook. */
async function write(record: Record<string, unknown>): Promise<string> {
  const { data } = await network.agent("bob").com.atproto.repo.createRecord({
    repo: did("bob"),
    collection: COLLECTION,
    record: { $type: COLLECTION, host: did("alice"), createdAt: new Date().toISOString(), ...record },
  });
  return data.uri;
}

const texts = () => store.entriesOf(did("alice")).map(({ text }) => text);

/** Waits until the index shows these texts. */
async function shows(...wanted: string[]): Promise<void> {
  const until = Date.now() + 10_000;
  while (texts().join() !== wanted.join()) {
    if (Date.now() > until) assert.deepEqual(texts(), wanted);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("an entry appears, changes and goes", async () => {
  const uri = await write({ text: "Lovely place!" });
  await shows("Lovely place!");
  const [repo = "", collection = "", rkey = ""] = uri.slice("at://".length).split("/");
  const record = { host: did("alice"), text: "Lovely place, really.", createdAt: new Date().toISOString() };
  await network.agent("bob").com.atproto.repo.putRecord({ repo, collection, rkey, record });
  await shows("Lovely place, really.");
  await network.agent("bob").com.atproto.repo.deleteRecord({ repo, collection, rkey });
  await shows();
});

test("what does not fit the lexicon does not count", async () => {
  await write({ text: "" });
  await write({ text: 7 });
  await write({ text: "fits", host: "nobody" });
  await write({ text: "fits" });
  await shows("fits");
});

test("a restart misses nothing and repeats nothing", async () => {
  await write({ text: "one" });
  await shows("one");
  await stop();
  await write({ text: "two" });
  stop = start();
  await shows("two", "one");
});

test("a host that is killed is followed again when it is back", async () => {
  await write({ text: "before" });
  await shows("before");
  await network.crash();
  await write({ text: "after" });
  await shows("after", "before");
});

test("the entries of an account that goes, go", async () => {
  await write({ text: "bye" });
  await shows("bye");
  await network.agent("bob").com.atproto.server.deactivateAccount({});
  await shows();
});

test("the page of a guestbook lists its entries", async () => {
  await write({ text: "Hello from the firehose" });
  await shows("Hello from the firehose");
  const server = serve(store).listen(0);
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://localhost:${port}/guestbook/${did("alice")}`);
  server.close();
  const { entries } = (await response.json()) as { entries: { guest: string; text: string }[] };
  assert.deepEqual(
    entries.map(({ guest, text }) => ({ guest, text })),
    [{ guest: did("bob"), text: "Hello from the firehose" }],
  );
});
