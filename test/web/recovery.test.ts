/** A recovery key outranks the host's in a member's identity. The browser makes it; here the test does. */
import { P256Keypair } from "@atproto/crypto";
import { beforeAll, expect, test } from "vitest";
import { Directory } from "../../src/identity/directory.ts";
import { PlcClient } from "../../src/identity/plc/client.ts";
import { createUpdate, type PlcState } from "../../src/identity/plc/operation.ts";
import { type Member, bindings, join, lastMail, xrpc } from "../support/account-host.ts";
import { type Shown, Visitor } from "../support/visitor.ts";

const plc = new PlcClient(bindings, new Directory(bindings));

const newKey = () => P256Keypair.create();

let hostKey: string;
beforeAll(async () => {
  hostKey = await plc.rotationKey();
});

const keysOf = async (did: string) => (await plc.state(did as Member["did"])).rotationKeys;

async function visit(member: Member): Promise<Visitor> {
  const visitor = new Visitor();
  await visitor.signIn(member.handle, member.password);
  await visitor.get("/account/recovery");
  return visitor;
}

async function add(member: Member, visitor: Visitor, recoveryKey: string, code?: string): Promise<Shown> {
  await visitor.post("/account/recovery", { step: "request-add" });
  const mailed = (await lastMail(member.email)).code;
  return visitor.post("/account/recovery", { step: "add", recoveryKey, code: code ?? mailed });
}

test("without one, the pages say that only the host can move the account, and offer one", async () => {
  const visitor = await visit(await join());
  for (const path of ["/account/backup", "/account/recovery"]) {
    expect((await visitor.get(path)).text, path).toContain(
      "So far, only localhost can move your account to another host.",
    );
  }
  expect((await visitor.get("/account/backup")).html).toContain('href="/account/recovery"');
});

test("one that is added with a mailed code moves the account without the host", async () => {
  const member = await join();
  const visitor = await visit(member);
  const key = await newKey();
  const added = await add(member, visitor, key.did());
  expect(added.text).toContain("The recovery key is part of your identity.");
  expect(await keysOf(member.did)).toEqual([key.did(), hostKey]);
  expect((await visitor.get("/account/backup")).text).toContain("even if this one is gone");
  const elsewhere = (state: PlcState): PlcState => ({
    ...state,
    rotationKeys: [key.did()],
    services: { atproto_pds: { type: "AtprotoPersonalDataServer", endpoint: "https://other.example" } },
  });
  const moved = await createUpdate(await plc.lastOperation(member.did), key, elsewhere);
  await plc.submit(member.did, moved);
  expect((await plc.state(member.did)).services.atproto_pds?.endpoint).toBe("https://other.example");
});

test("a wrong code, or no key, changes nothing, and the code still works", async () => {
  const member = await join();
  const visitor = await visit(member);
  const key = await newKey();
  const wrong = await add(member, visitor, key.did(), "AAAAA-AAAAA");
  expect(wrong.text).toContain("This code is not right.");
  // What the browser made goes along with the next try.
  expect(wrong.html).toContain(`value="${key.did()}"`);
  const { code } = await lastMail(member.email);
  for (const recoveryKey of ["", "nonsense", "did:key:zNonsense", member.did]) {
    const refused = await visitor.post("/account/recovery", { step: "add", recoveryKey, code });
    expect(refused.text, recoveryKey).toContain("This is no recovery key.");
  }
  expect(await keysOf(member.did)).toEqual([hostKey]);
  await visitor.post("/account/recovery", { step: "add", recoveryKey: key.did(), code });
  expect(await keysOf(member.did)).toEqual([key.did(), hostKey]);
});

test("a code works once", async () => {
  const member = await join();
  const visitor = await visit(member);
  await add(member, visitor, (await newKey()).did());
  const { code } = await lastMail(member.email);
  const again = await visitor.post("/account/recovery", {
    step: "add",
    recoveryKey: (await newKey()).did(),
    code,
  });
  expect(again.text).toContain("This code is not right.");
  expect(await keysOf(member.did)).toHaveLength(2);
});

test("two tries at once add one key", async () => {
  const member = await join();
  const visitor = await visit(member);
  await visitor.post("/account/recovery", { step: "request-add" });
  const { code } = await lastMail(member.email);
  const recoveryKey = (await newKey()).did();
  await Promise.all(
    Array.from({ length: 3 }, () => visitor.post("/account/recovery", { step: "add", recoveryKey, code })),
  );
  expect(await keysOf(member.did)).toEqual([recoveryKey, hostKey]);
});

test("one is removed with a code; the host's own is not", async () => {
  const member = await join();
  const visitor = await visit(member);
  const key = (await newKey()).did();
  await add(member, visitor, key);
  const asked = await visitor.post("/account/recovery", { step: "request-remove", key });
  expect(asked.text).toContain(`The key that ends in ${key.slice(-8)}`);
  const { code } = await lastMail(member.email);
  const own = await visitor.post("/account/recovery", { step: "remove", key: hostKey, code });
  expect(own.text).toContain("not part of your identity any more");
  const removed = await visitor.post("/account/recovery", { step: "remove", key, code });
  expect(removed.text).toContain("The recovery key is removed");
  expect(await keysOf(member.did)).toEqual([hostKey]);
});

test("an identity takes five, and no key twice", async () => {
  const member = await join();
  const visitor = await visit(member);
  const key = (await newKey()).did();
  await add(member, visitor, key);
  expect((await add(member, visitor, key)).text).toContain("has this recovery key already");
  for (let i = 0; i < 4; i++) await add(member, visitor, (await newKey()).did());
  expect((await add(member, visitor, (await newKey()).did())).text).toContain("has many keys already");
  expect(await keysOf(member.did)).toHaveLength(6);
});

test("one that is made at sign-up is in the identity from the beginning", async () => {
  const visitor = new Visitor();
  expect((await visitor.get("/account/sign-up")).html).toContain('name="recoveryKey"');
  const key = (await newKey()).did();
  const handle = `r${Math.floor(Math.random() * 1e9)}`;
  const fields = { step: "sign-up", handle, email: `${handle}@example.com`, recoveryKey: key };
  const short = await visitor.post("/account/sign-up", { ...fields, password: "short" });
  expect(short.html).toContain(`value="${key}"`);
  const made = await visitor.post("/account/sign-up", { ...fields, password: "a good password" });
  expect(made.location).toBe("/account/welcome");
  const { body } = await xrpc("com.atproto.identity.resolveHandle", { params: { handle: `${handle}.test` } });
  expect(await keysOf(String(body.did))).toEqual([key, hostKey]);
});

test("what is no key makes no account", async () => {
  const handle = `r${Math.floor(Math.random() * 1e9)}.test`;
  const input = { handle, email: "r@example.com", password: "a good password", recoveryKey: "nonsense" };
  expect(await xrpc("com.atproto.server.createAccount", { input })).toMatchObject({
    status: 400,
    body: { error: "InvalidRequest" },
  });
  const resolved = await xrpc("com.atproto.identity.resolveHandle", { params: { handle } });
  expect(resolved.status).toBe(400);
});

test("the page asks once more who it is, when the sign-in is a while ago", async () => {
  const member = await join();
  const visitor = await visit(member);
  await bindings.DIRECTORY.prepare("UPDATE oauth_device_account SET signed_in_at = ?1 WHERE did = ?2")
    .bind(Date.now() - 60 * 60_000, member.did)
    .run();
  expect((await visitor.get("/account/recovery")).location).toContain("again=");
});
