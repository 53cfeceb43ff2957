/**
 * goat, the official command line for accounts, replayed from its source: every call of its account, PLC,
 * admin, blob, record, repo, lexicon and preference commands. Calls are sent header by header (`http.ts`),
 * and answers are read as strictly as goat's Go types read them (`json.ts`). Written after
 * bluesky-social/goat at f80010584f9b and the client of bluesky-social/indigo at 4b983a7e86c8.
 */
import { Secp256k1Keypair } from "@atproto/crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawPicture } from "../../tools/seed/picture.ts";
import type { TestNetwork } from "../../tools/kit/index.ts";
import * as account from "./goat/account.ts";
import { Admin } from "./goat/admin.ts";
import * as data from "./goat/data.ts";
import type { Goat } from "./goat/goat.ts";
import * as plc from "./goat/plc.ts";
import { ALICE, adminOf, startNetwork, terminal } from "./goat/stage.ts";

let network: TestNetwork;
let goat: Goat;
let admin: Admin;

beforeAll(async () => {
  network = await startNetwork();
  goat = terminal(network);
  admin = adminOf(network, "north");
}, 60_000);
afterAll(() => network.dispose());

/** A key that Alice holds herself. */
const newKey = async () => (await Secp256k1Keypair.create()).did();
const recoveryKey = await newKey();

const mailedCode = async (to: string, subject: RegExp) => {
  const mail = await network.mailbox().next((one) => one.to === to && subject.test(one.subject));
  return mail.code ?? "";
};

describe("goat pds admin and goat account create", () => {
  test("the host describes itself, and asks for an invite", async () => {
    const { url, did } = network.host("north");
    const described = await account.describeHost(goat, url);
    expect(described).toMatchObject({ did, availableUserDomains: [".north.test"], inviteCodeRequired: true });
  });

  test("without an invite nobody comes in; with one, one", async () => {
    const pdsHost = network.host("north").url;
    await expect(account.createAccount(goat, { ...ALICE, pdsHost })).rejects.toMatchObject({
      status: 400,
      error: "InvalidInviteCode",
    });
    const codes = await admin.createInvites({ count: 2, uses: 1 });
    expect(new Set(codes).size).toBe(2);
    const made = await account.createAccount(goat, {
      ...ALICE,
      pdsHost,
      inviteCode: codes[0] ?? "",
      recoveryKey,
    });
    expect(made).toMatchObject({ handle: ALICE.handle, didDoc: { id: made.did } });
    const { rotationKeys } = await plc.data(goat, made.did);
    expect(rotationKeys[0]).toBe(recoveryKey);
    await expect(
      account.createAccount(goat, {
        ...ALICE,
        handle: "second.north.test",
        email: "second@mail.example.com",
        pdsHost,
        inviteCode: codes[0] ?? "",
      }),
    ).rejects.toMatchObject({ status: 400, error: "InvalidInviteCode" });
  });

  test("the admin makes an account, and finds its invite", async () => {
    const made = await admin.create({
      handle: "bob.north.test",
      password: "password of bob",
      email: "bob@mail.example.com",
    });
    const info = await admin.info("bob.north.test");
    expect(info).toMatchObject({
      did: made.did,
      handle: "bob.north.test",
      email: "bob@mail.example.com",
      invitedBy: { createdBy: "admin", forAccount: "admin", available: 1, uses: [{ usedBy: made.did }] },
      invites: [],
      invitesDisabled: false,
    });
    expect(Number.isNaN(Date.parse(info.indexedAt))).toBe(false);
  });

  test("the wrong password is refused by a name", async () => {
    const { url: host } = network.host("north");
    const stranger = new Admin(goat, { host, password: "guessed" });
    await expect(stranger.createInvites()).rejects.toMatchObject({
      status: 401,
      error: "AuthenticationRequired",
    });
    await expect(stranger.info("bob.north.test")).rejects.toMatchObject({ status: 401 });
  });
});

describe("goat account", () => {
  test("logs in by handle, by DID, and at a host that is named", async () => {
    const { did } = await goat.directory.lookup(ALICE.handle);
    for (const name of [ALICE.handle, "ALICE.north.test", did]) await goat.login(name, ALICE.password);
    await goat.login(ALICE.email, ALICE.password, { pdsHost: network.host("north").url });
    expect(goat.saved).toMatchObject({ did, host: network.host("north").url });
    await expect(goat.login(did, "wrong")).rejects.toMatchObject({
      status: 401,
      error: "AuthenticationRequired",
    });
    goat.logout();
    await expect(account.checkAuth(goat)).rejects.toThrow("not logged in");
    await goat.login(ALICE.handle, ALICE.password);
  });

  test("tells a repo's status, at the account's host and at one that is named", async () => {
    const { did } = await goat.directory.lookup(ALICE.handle);
    const status = await account.accountStatus(goat, ALICE.handle);
    expect(status).toMatchObject({ did, active: true, status: null });
    expect(await account.accountStatus(goat, did, network.host("north").url)).toEqual(status);
    await expect(account.accountStatus(goat, did, network.host("south").url)).rejects.toMatchObject({
      status: 400,
      error: "RepoNotFound",
    });
  });

  test("checks the account", async () => {
    const { rev } = await account.accountStatus(goat, ALICE.handle);
    expect(await account.checkAuth(goat)).toMatchObject({
      activated: true,
      validDid: true,
      repoRev: rev,
      expectedBlobs: 0,
      importedBlobs: 0,
      indexedRecords: 0,
    });
    expect(await account.missingBlobs(goat)).toEqual([]);
  });

  test("makes service tokens, with and without a method, as long as they may be", async () => {
    const audience = network.host("south").did;
    const claims = (token: string) =>
      JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    const { did } = await goat.directory.lookup(ALICE.handle);
    const plain = claims(await account.serviceAuth(goat, { audience }));
    expect(plain).toMatchObject({ iss: did, aud: audience });
    expect(plain).not.toHaveProperty("lxm");
    const endpoint = "com.atproto.repo.uploadBlob";
    const bound = claims(await account.serviceAuth(goat, { audience, endpoint, durationSec: 1_800 }));
    expect(bound).toMatchObject({ lxm: endpoint });
    expect(bound.exp - Date.now() / 1000).toBeGreaterThan(1_700);
    for (const [durationSec, lxm] of [
      [120, ""],
      [7_200, endpoint],
      [-5, endpoint],
    ] as const) {
      await expect(account.serviceAuth(goat, { audience, endpoint: lxm, durationSec })).rejects.toMatchObject(
        { status: 400, error: "BadExpiration" },
      );
    }
  });

  test("is deactivated and comes back, its handle too", async () => {
    const did = goat.saved?.did ?? "";
    await account.deactivate(goat);
    expect(await account.accountStatus(goat, did)).toMatchObject({ active: false, status: "deactivated" });
    expect(await account.checkAuth(goat)).toMatchObject({ activated: false, validDid: true });
    // The handle resolves as far as coming back needs it.
    await goat.login(ALICE.handle, ALICE.password);
    await account.activate(goat);
    expect(await account.accountStatus(goat, ALICE.handle)).toMatchObject({ active: true, status: null });
  });

  test("changes its handle, and back", async () => {
    await account.updateHandle(goat, "alice-2.north.test");
    expect((await goat.directory.lookup("alice-2.north.test")).did).toBe(goat.saved?.did);
    await expect(goat.directory.lookup(ALICE.handle)).rejects.toThrow("HTTP 404");
    await expect(account.updateHandle(goat, "bob.north.test")).rejects.toMatchObject({ status: 400 });
    await account.updateHandle(goat, ALICE.handle);
    expect((await goat.directory.lookup(goat.saved?.did ?? "")).handle).toBe(ALICE.handle);
  });

  test("a session of yesterday is refreshed once, and kept", async () => {
    const before = goat.saved;
    await network.clock.advance("3h");
    expect(await account.checkAuth(goat)).toMatchObject({ activated: true });
    expect(goat.refreshes).toBe(1);
    expect(goat.saved?.accessJwt).not.toBe(before?.accessJwt);
    await account.checkAuth(goat);
    expect(goat.refreshes).toBe(1);
    await network.clock.advance("-3h");
  });
});

describe("goat account plc", () => {
  test("signs and submits what the host recommends, once a code has come by mail", async () => {
    const recommended = JSON.stringify(await plc.recommended(goat));
    await expect(plc.sign(goat, recommended)).rejects.toMatchObject({ status: 400, error: "InvalidRequest" });
    await plc.requestToken(goat);
    const token = await mailedCode(ALICE.email, /identity/);
    await expect(plc.sign(goat, recommended, "AAAAA-22222")).rejects.toMatchObject({
      status: 400,
      error: "InvalidToken",
    });
    const operation = await plc.sign(goat, recommended, token);
    await plc.submit(goat, operation);
    const { did, ...state } = await plc.current(goat);
    expect(did).toBe(goat.saved?.did);
    expect(state).toEqual(JSON.parse(recommended));
    await expect(plc.sign(goat, recommended, token)).rejects.toMatchObject({ status: 400 });
  });

  test("adds keys, behind the others and before them", async () => {
    const [behind, before] = [await newKey(), await newKey()];
    for (const [key, first] of [
      [behind, false],
      [before, true],
    ] as const) {
      await network.mailbox().clear();
      await plc.requestToken(goat);
      const token = await mailedCode(ALICE.email, /identity/);
      await plc.addRotationKey(goat, key, { token, first });
    }
    const { rotationKeys } = await plc.current(goat);
    expect([rotationKeys[0], rotationKeys.at(-1)]).toEqual([before, behind]);
    expect(await plc.history(goat, ALICE.handle)).toHaveLength(6);
  });

  test("what would lead away from the host is refused there", async () => {
    const key = await newKey();
    const next = await plc.update(goat, goat.saved?.did ?? "", (op) => ({
      ...op,
      rotationKeys: [key],
      sig: "x",
    }));
    await expect(plc.submit(goat, JSON.stringify(next))).rejects.toMatchObject({
      status: 400,
      error: "InvalidRequest",
    });
    await expect(plc.submitDirectly(goat, goat.saved?.did ?? "", next)).rejects.toThrow("submission: 400");
  });

  test("the directory's whole log is dumped, batch by batch", async () => {
    const all = await plc.dump(goat);
    expect(all.length).toBeGreaterThan(6);
    expect(await plc.dump(goat, 2)).toEqual(all);
  });
});

const PREFERENCES = JSON.stringify([
  { $type: "app.bsky.actor.defs#adultContentPref", enabled: true },
  { $type: "app.bsky.actor.defs#personalDetailsPref", birthDate: "1990-05-04T00:00:00.000Z" },
]);

/** Creates a record with a picture, and uploads a picture that no record refers to. */
async function withPicture(by: Goat): Promise<{ cid: string; uri: string; bytes: Uint8Array }> {
  const { bytes } = drawPicture("a harbour", 60, 40);
  const { ref: cid, ...blob } = await data.uploadBlob(by, bytes);
  await data.uploadBlob(by, drawPicture("a drawer", 20, 20).bytes);
  const image = { $type: "blob", ref: { $link: cid }, ...blob };
  const embed = { $type: "app.bsky.embed.images", images: [{ image, alt: "a harbour" }] };
  const createdAt = "2026-11-28T12:00:00Z";
  const record = { $type: "app.bsky.feed.post", text: "The harbour", createdAt, embed };
  const { uri } = await data.createRecord(by, JSON.stringify(record));
  return { cid, uri, bytes };
}

describe("goat account migrate", () => {
  const there = { newHandle: "alice.south.test", newPassword: "password of the south" };

  test("moves the account, its records, blobs and preferences, and the old host lets go", async () => {
    const { url: pdsHost } = network.host("south");
    const [inviteCode = ""] = await adminOf(network, "south").createInvites();
    await withPicture(goat);
    await data.importPreferences(goat, PREFERENCES);
    const old = await account.checkAuth(goat);
    const preferences = await data.exportPreferences(goat);
    const blobs = await data.listBlobs(goat, ALICE.handle);
    await network.mailbox().clear();
    await plc.requestToken(goat);
    const plcToken = await mailedCode(ALICE.email, /identity/);
    const status = await account.migrate(goat, {
      ...there,
      pdsHost,
      plcToken,
      inviteCode,
      newEmail: "alice@south.example.com",
    });
    expect(status).toMatchObject({
      activated: false,
      validDid: false,
      indexedRecords: old.indexedRecords,
      expectedBlobs: old.expectedBlobs,
      // A blob that no record refers to is not moved.
      importedBlobs: old.expectedBlobs,
    });

    const did = goat.saved?.did ?? "";
    expect(await account.accountStatus(goat, did, network.host("north").url)).toMatchObject({
      active: false,
      status: "deactivated",
    });
    expect(await goat.directory.lookup(there.newHandle)).toMatchObject({ did, pds: pdsHost });
    goat.logout();
    await goat.login(there.newHandle, there.newPassword);
    expect(await account.checkAuth(goat)).toMatchObject({ activated: true, validDid: true });
    expect(await account.missingBlobs(goat)).toEqual([]);
    expect(await data.exportPreferences(goat)).toBe(preferences);
    expect((await data.listBlobs(goat, did)).toSorted()).toEqual(blobs.toSorted());
    await data.post(goat, "Hello from the south");
  }, 60_000);

  test("the account that was left cannot be activated any more", async () => {
    const old = terminal(network);
    await old.login(goat.saved?.did ?? "", ALICE.password, { pdsHost: network.host("north").url });
    expect(await account.checkAuth(old)).toMatchObject({ activated: false, validDid: false });
    await expect(account.activate(old)).rejects.toMatchObject({ status: 400, error: "InvalidRequest" });
  });

  test("by hand, a DID comes in only with a token of its own, and its archive names the blobs it misses", async () => {
    const { url: pdsHost, did: audience } = network.host("north");
    const { did } = await adminOf(network, "south").create(CAROL);
    const carol = terminal(network);
    await carol.login(CAROL.handle, CAROL.password);
    const picture = await withPicture(carol);
    const [inviteCode = ""] = await admin.createInvites();
    const wanted = { ...CAROL, pdsHost, handle: "carol.north.test", existingDid: did, inviteCode };
    await expect(account.createAccount(goat, wanted)).rejects.toMatchObject({ status: 401 });
    const endpoint = "com.atproto.server.createAccount";
    const serviceAuth = await account.serviceAuth(carol, { audience, endpoint });
    const made = await account.createAccount(goat, { ...wanted, serviceAuth });
    expect(made).toMatchObject({ did, handle: "carol.north.test" });
    expect(await account.accountStatus(goat, did, pdsHost)).toMatchObject({
      active: false,
      status: "deactivated",
    });

    const arrived = terminal(network);
    await arrived.login(did, CAROL.password, { pdsHost });
    await data.importRepo(arrived, await data.exportRepo(goat, did));
    const missing = [{ cid: picture.cid, recordUri: picture.uri }];
    expect(await account.missingBlobs(arrived)).toEqual(missing);
    await data.uploadBlob(arrived, picture.bytes);
    expect(await account.missingBlobs(arrived)).toEqual([]);
  });
});

const CAROL = { handle: "carol.south.test", password: "password of carol", email: "carol@mail.example.com" };

describe("goat pds admin account", () => {
  test("lists everybody, with the admin's password and without", async () => {
    const { url } = network.host("north");
    const mine = await admin.list();
    // An account that moved here and was never active has had no event yet, so it is not in the list.
    expect(mine.map(({ status }) => status).toSorted()).toEqual(["active", "deactivated"]);
    expect(await account.listAccounts(goat.open(url))).toEqual(mine);
  });

  test("changes address, handle and password", async () => {
    await admin.update("bob.north.test", { email: "robert@mail.example.com", handle: "robert.north.test" });
    expect(await admin.info("robert.north.test")).toMatchObject({
      handle: "robert.north.test",
      email: "robert@mail.example.com",
    });
    const bob = terminal(network);
    await bob.login("robert.north.test", "password of bob");
    const password = await admin.resetPassword("robert.north.test");
    await expect(bob.login("robert.north.test", "password of bob")).rejects.toMatchObject({ status: 401 });
    await bob.login("robert.north.test", password);
    await data.post(bob, "A new name");
  });

  test("takes an account down and gives it back", async () => {
    const { did } = await goat.directory.lookup("robert.north.test");
    expect(await admin.takedown("robert.north.test")).toEqual({
      subject: { $type: "com.atproto.admin.defs#repoRef", did },
      takedown: { applied: true, ref: null },
    });
    expect(await account.accountStatus(goat, did)).toMatchObject({ active: false, status: "takendown" });
    await expect(data.exportRepo(goat, did)).rejects.toMatchObject({ status: 400, error: "RepoTakendown" });
    expect(await admin.takedown(did, { reverse: true })).toMatchObject({ takedown: { applied: false } });
    expect(await account.accountStatus(goat, did)).toMatchObject({ active: true, status: null });
  });

  test("deletes an account for good", async () => {
    const { did } = await goat.directory.lookup("robert.north.test");
    await admin.delete("robert.north.test");
    await expect(account.accountStatus(goat, did)).rejects.toMatchObject({
      status: 400,
      error: "RepoNotFound",
    });
    await expect(admin.info(did)).rejects.toMatchObject({ status: 400, error: "NotFound" });
    expect(await admin.list()).toHaveLength(1);
  });
});
