/**
 * `npm run test:migration`: an account moves from the reference PDS to our host, and on to another reference
 * PDS. The move is cut short at every step, in every way that `Interruptions` knows. RECORDS and BLOBS may be
 * set.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cborToLexRecord, readCarWithRoot, verifyCommitSig, type Commit } from "@atproto/repo";
import type { RunningHost } from "../../tools/dev/host.ts";
import { startHost } from "../../tools/dev/host.ts";
import { HostClient, pause } from "../../tools/migrate/host-client.ts";
import { Move, folderOf, type MoveState } from "../../tools/migrate/move.ts";
import { plcState } from "../../tools/migrate/identity.ts";
import { runMove, statusAt } from "../../tools/migrate/steps.ts";
import { xrpc } from "../../tools/dev/xrpc-client.ts";
import {
  follow,
  framesUpTo,
  headOf,
  inverts,
  isCommit,
  keyOf,
  verifiedRepo,
  type Addresses,
} from "../clients/official-consumer.ts";
import { ClientDied, Interruptions } from "./interruptions.ts";
import { mailedCode } from "./mailbox.ts";
import { PREFERENCES, fill, signUp, type Mover } from "./member.ts";
import { startReference, type Reference } from "./reference.ts";

const RECORDS = Number(process.env.RECORDS ?? 5_000);
const BLOBS = Number(process.env.BLOBS ?? 200);
const NEW_PASSWORD = "a new password";

const folder = mkdtempSync(path.join(tmpdir(), "atoll-migration-"));
let host: RunningHost;
/** The addresses of our host, for the consumers. */
let here: Addresses;
let first: Reference;
let second: Reference;
let alice: Mover;
/** A member of our host. He follows Alice before she arrives. */
let bob: Mover;
let blobs: string[];
/** A rotation key that Alice holds herself. */
const OWN_KEY = "did:key:zQ3shhCGUqDKjStzuDxPkTxN6ujddP4RkEKJJouJGRRkaLGbg";

beforeAll(async () => {
  host = await startHost({
    dataDir: path.join(folder, "atoll"),
    vars: { REGISTRATION: "open", RATE_LIMITS: "off", HANDLE_DOMAINS: ".atoll.test", BLOB_LIMIT: "50000000" },
  });
  here = { url: host.origin, plc: host.outside };
  first = await startReference(path.join(folder, "first"), host.outside, ".first.test");
  second = await startReference(path.join(folder, "second"), host.outside, ".second.test");
  bob = await signUp(host.origin, "bob.atoll.test");
  alice = await signUp(first.origin, "alice.first.test");
  blobs = await fill(alice, RECORDS, BLOBS, bob.did);
  const record = { $type: "app.bsky.graph.follow", subject: alice.did, createdAt: new Date().toISOString() };
  await bob.client.json("com.atproto.repo.createRecord", {
    input: { repo: bob.did, collection: record.$type, record },
  });
});

afterAll(async () => {
  await Promise.all([first?.stop(), second?.stop(), host?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const crash = (origin: string) =>
  origin === host.origin ? host.crash() : origin === first.origin ? first.crash() : second.crash();

interface Journey {
  from: string;
  to: string;
  oldEmail: string;
  oldPassword: string;
  password: string;
  state: Omit<MoveState, "done" | "lost" | "did" | "from" | "to" | "plc">;
}

/**
 * Moves Alice. When a client dies, another one follows that knows only what is on disk. Returns the cuts, and
 * the number of starts.
 */
async function moveThrough(journey: Journey, interrupted: boolean) {
  const at = folderOf(folder, { did: alice.did, from: journey.from, to: journey.to });
  const cuts = interrupted ? new Interruptions(crash) : null;
  let runs = 0;
  try {
    for (;;) {
      runs++;
      const signal = cuts?.newClient();
      const old = new HostClient(journey.from, { signal });
      const move =
        Move.open(at) ??
        new Move(at, {
          ...journey.state,
          did: alice.did,
          from: journey.from,
          to: journey.to,
          plc: host.outside,
          done: {},
          lost: {},
        });
      move.save();
      try {
        await old.login(alice.did, journey.oldPassword);
        await runMove({
          move,
          old,
          new: new HostClient(journey.to, { signal }),
          password: journey.password,
          signal,
          ask: {
            brought: () => undefined,
            code: () => mailedCode(host.outside, journey.oldEmail),
            publish: () => Promise.reject(new Error("did:web")),
          },
          report: {
            begin: (step) => cuts?.entering(step),
            progress: () => undefined,
            note: () => undefined,
            end: () => undefined,
          },
        });
        return { state: move.state, runs, cuts };
      } catch (thrown) {
        if (!(thrown instanceof ClientDied) && !signal?.aborted) throw thrown;
      }
    }
  } finally {
    cuts?.stop();
  }
}

const blobsAt = async (client: HostClient, did: string) => {
  const cids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await client.json<{ cids: string[]; cursor?: string }>("com.atproto.sync.listBlobs", {
      params: { did, limit: 500, cursor },
    });
    cids.push(...page.cids);
    if (!page.cursor || page.cids.length === 0) return cids.toSorted();
    cursor = page.cursor;
  }
};

const missingAt = async (client: HostClient) =>
  (await client.json<{ blobs: unknown[] }>("com.atproto.repo.listMissingBlobs")).blobs;

const preferencesAt = async (client: HostClient) =>
  (
    await client.json<{ preferences: { $type: string }[] }>("app.bsky.actor.getPreferences")
  ).preferences.filter(({ $type }) => !$type.endsWith("#declaredAgePref"));

describe("a move between the reference and our host", () => {
  test("in, cut short at every step", async () => {
    const key = await keyOf(here, alice.did);
    const { rev: oldRev } = await alice.client.json<{ rev: string }>("com.atproto.sync.getLatestCommit", {
      params: { did: alice.did },
    });
    const live = follow(here, await headOf(here));
    const cursor = await headOf(here);
    const { runs, cuts, state } = await moveThrough(
      {
        from: first.origin,
        to: host.origin,
        oldEmail: alice.email,
        oldPassword: alice.password,
        password: NEW_PASSWORD,
        state: {
          oldHandle: alice.handle,
          handle: "alice.atoll.test",
          email: "alice@example.com",
          rotationKey: OWN_KEY,
        },
      },
      true,
    );
    console.log(`${runs} runs; cut at ${cuts?.made.join(", ")}`);
    assert.deepEqual(cuts?.uncut, []);
    assert.deepEqual(state.lost, {});

    // Everything has arrived, and nothing twice.
    const client = new HostClient(host.origin);
    await client.login("alice.atoll.test", NEW_PASSWORD);
    const status = await statusAt(client);
    assert.equal(status.indexedRecords, RECORDS);
    assert.equal(status.expectedBlobs, BLOBS);
    assert.equal(status.importedBlobs, BLOBS);
    assert.ok(status.activated && status.validDid);
    assert.deepEqual(await missingAt(client), []);
    assert.deepEqual(await blobsAt(client, alice.did), blobs.toSorted());
    assert.deepEqual(await preferencesAt(client), PREFERENCES);

    // The repo has a new signature, by the key that the DID now names.
    assert.notEqual(await keyOf(here, alice.did), key);
    const { records } = await verifiedRepo(here, alice);
    assert.equal(records.size, RECORDS);
    assert.ok(status.repoRev > oldRev, "a higher rev");

    // What followers and relays get. If the host died before it sent the events, they are still to come.
    await pause(1_000);
    const seq = await headOf(here);
    await live.until(seq);
    live.stop();
    assert.deepEqual(
      live.errors.filter((error) => error.name.includes("Parse")),
      [],
    );
    const frames = (await framesUpTo(here, seq)).filter(({ body }) => {
      const { seq: at, did } = body as { seq: number; did?: string };
      return at > cursor && did === alice.did;
    });
    const kinds = frames.map(({ t: kind }) => kind);
    console.log(`events: ${kinds.join(" ")}`);
    // The PLC operation already causes an #identity, and a repeated step causes another.
    assert.deepEqual(kinds.slice(-3), ["#account", "#identity", "#sync"]);
    assert.equal(kinds.filter((kind) => kind === "#commit").length, 0);
    for (const { body } of frames.filter(({ t: kind }) => kind === "#sync")) await acceptSync(body);
    assert.equal((frames.at(-3)?.body as { active: boolean } | undefined)?.active, true);

    // The old host is deactivated, as the steps say, and still serves its owner.
    const old = new HostClient(first.origin);
    await old.login(alice.did, alice.password);
    assert.equal((await statusAt(old)).activated, false);
    const plc = await plcState(host.outside, alice.did);
    assert.equal(plc.rotationKeys[0], OWN_KEY, "the member's own key comes first");
    assert.equal(plc.alsoKnownAs[0], "at://alice.atoll.test");
    assert.equal(plc.services.atproto_pds?.endpoint, host.origin);
    alice = {
      ...alice,
      handle: "alice.atoll.test",
      email: "alice@example.com",
      password: NEW_PASSWORD,
      client,
    };
  });

  test("the DID keeps its followers", async () => {
    const { followers } = await bob.client.json<{ followers: { did: string }[] }>(
      "app.bsky.graph.getFollowers",
      {
        params: { actor: alice.did },
      },
    );
    assert.deepEqual(
      followers.map(({ did }) => did),
      [bob.did],
    );
    const { follows } = await bob.client.json<{ follows: { handle: string }[] }>(
      "app.bsky.graph.getFollows",
      {
        params: { actor: bob.did },
      },
    );
    assert.deepEqual(
      follows.map(({ handle }) => handle),
      ["alice.atoll.test"],
    );
  });

  test("a first write after the move is a commit that relays accept", async () => {
    const record = { $type: "app.bsky.feed.post", text: "I have moved", createdAt: new Date().toISOString() };
    await alice.client.json("com.atproto.repo.createRecord", {
      input: { repo: alice.did, collection: record.$type, record },
    });
    const seq = await headOf(here);
    const frames = await framesUpTo(here, seq);
    const commit = frames.filter(isCommit).findLast(({ body }) => body.repo === alice.did);
    assert.ok(commit);
    assert.ok(await inverts(commit.body));
    const sync = frames.findLast(
      ({ t: kind, body }) => kind === "#sync" && (body as { did: string }).did === alice.did,
    );
    assert.equal(commit.body.since, (sync?.body as { rev: string } | undefined)?.rev);
    const live = follow(here, seq - 1);
    await live.until(seq);
    live.stop();
    assert.deepEqual(live.errors, []);
    assert.equal(live.events.at(-1)?.event, "create");
  });

  test("out, to another reference, cut short at every step", async () => {
    const { runs, cuts, state } = await moveThrough(
      {
        from: host.origin,
        to: second.origin,
        oldEmail: alice.email,
        oldPassword: alice.password,
        password: "a third password",
        state: { oldHandle: alice.handle, handle: "alice.second.test", email: "alice@example.org" },
      },
      true,
    );
    console.log(`${runs} runs; cut at ${cuts?.made.join(", ")}`);
    assert.deepEqual(cuts?.uncut, []);
    assert.deepEqual(state.lost, {});
    const client = new HostClient(second.origin);
    await client.login("alice.second.test", "a third password");
    const status = await statusAt(client);
    assert.equal(status.indexedRecords, RECORDS + 1);
    assert.equal(status.importedBlobs, BLOBS);
    assert.ok(status.activated && status.validDid);
    assert.deepEqual(await missingAt(client), []);
    assert.deepEqual(await blobsAt(client, alice.did), blobs.toSorted());
    assert.deepEqual(await preferencesAt(client), PREFERENCES);
    const plc = await plcState(host.outside, alice.did);
    assert.equal(plc.rotationKeys[0], OWN_KEY, "the member's own key stays, and stays first");
    assert.equal(plc.rotationKeys.length, 2, "our host's own key went");
    alice = {
      ...alice,
      handle: "alice.second.test",
      email: "alice@example.org",
      password: "a third password",
    };
  });

  test("our host is deactivated, says so, and serves the repo and blobs to their owner alone", async () => {
    const params = { did: alice.did };
    assert.deepEqual(await xrpc(host.origin, "com.atproto.sync.getRepoStatus", { params }), {
      did: alice.did,
      active: false,
      status: "deactivated",
    });
    await assert.rejects(xrpc(host.origin, "com.atproto.sync.getRepo", { params }), /RepoDeactivated/);
    const owner = new HostClient(host.origin);
    await owner.login(alice.did, NEW_PASSWORD);
    assert.ok((await owner.bytes("com.atproto.sync.getRepo", { params })).bytes.byteLength > RECORDS * 100);
    const blob = { did: alice.did, cid: blobs[0] };
    assert.ok((await owner.bytes("com.atproto.sync.getBlob", { params: blob })).bytes.byteLength > 1_000);
    // If the host died between the deactivation and its event, the account's alarm sends the event.
    const last = async () => {
      const frames = await framesUpTo(here, await headOf(here));
      const found = frames.findLast(({ body }) => (body as { did?: string }).did === alice.did);
      return [found?.t, (found?.body as { status?: string } | undefined)?.status];
    };
    await expect.poll(last, { timeout: 15_000 }).toEqual(["#account", "deactivated"]);
    // A follower's record still leads to her: by DID, to her new host.
    const { didDoc } = (await xrpc(host.origin, "com.atproto.identity.resolveDid", { params })) as {
      didDoc: { service: { serviceEndpoint: string }[]; alsoKnownAs: string[] };
    };
    assert.equal(didDoc.service[0]?.serviceEndpoint, second.origin);
    assert.equal(didDoc.alsoKnownAs[0], "at://alice.second.test");
  });

  test("and in again, into the account that she left here, from a host that did not sign anew", async () => {
    const { state } = await moveThrough(
      {
        from: second.origin,
        to: host.origin,
        oldEmail: alice.email,
        oldPassword: alice.password,
        password: NEW_PASSWORD,
        state: { oldHandle: alice.handle, handle: "alice.atoll.test", email: "alice@example.com" },
      },
      false,
    );
    assert.deepEqual(state.lost, {});
    const { records } = await verifiedRepo(here, alice);
    assert.equal(records.size, RECORDS + 1);
  });
});

/** Checks a #sync as a relay does: one block, the commit, with the event's rev, signed by the DID's key. */
async function acceptSync(body: unknown): Promise<void> {
  const { did, rev, blocks } = body as { did: string; rev: string; blocks: { buf: Uint8Array } };
  const { root, blocks: held } = await readCarWithRoot(blocks.buf);
  const bytes = held.get(root);
  assert.ok(bytes);
  const commit = cborToLexRecord(bytes) as unknown as Commit;
  assert.equal(commit.rev, rev);
  assert.equal(commit.did, did);
  assert.ok(await verifyCommitSig(commit, await keyOf(here, did)), "signed by the key that the DID names");
}
