/** The flows of an account's life, each ready to be cut: see `cuts.test.ts`. */
import { createExecutionContext } from "cloudflare:test";
import type { Did, Handle } from "@atcute/lexicons";
import { expect } from "vitest";
import { servicesOf } from "../../src/edge/services.ts";
import { bringAccount } from "../../src/lifecycle/create.ts";
import { JoinDecisions } from "../../src/moderation/join-decisions.ts";
import { JoinRequests } from "../../src/moderation/join-requests.ts";
import { methods } from "../../src/xrpc/methods.ts";
import type { Member, Reply } from "../support/account-host.ts";
import { ORIGIN, asAdmin, bindings, fetchHost, join, lastMail, post, xrpc } from "../support/account-host.ts";
import { rowsOf } from "../support/object-access.ts";
import { assertSubjectAgreed, directory, documentOf, services, toldOf } from "./agreement.ts";

export interface Flow {
  /** Does it. Throws when it is refused or fails. */
  run(): Promise<unknown>;
  /** Whether it is done. */
  done(): Promise<boolean>;
  /** The account, once it is known. */
  did(): Promise<Did | null>;
  /** Asserts more than that all stations agree. */
  check?(): Promise<void>;
}

const succeed = async (reply: Promise<Reply>): Promise<void> => {
  const { status, body } = await reply;
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
};

let names = 0;
const newName = () => `cut${names++}x${Math.floor(Math.random() * 1e6)}`;

const repoRef = (did: string) => ({ $type: "com.atproto.admin.defs#repoRef", did });

const takedown = (subject: object, applied: boolean) =>
  succeed(
    asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: { subject, takedown: applied ? { applied, ref: "case" } : { applied } },
    }),
  );

const POST = "app.bsky.feed.post";

async function say(member: Member, text: string, more: object = {}) {
  const record = { $type: POST, text, createdAt: new Date().toISOString(), ...more };
  const input = { repo: member.did, collection: POST, record };
  const { body } = await xrpc("com.atproto.repo.createRecord", { auth: member.auth, input });
  return { $type: "com.atproto.repo.strongRef", uri: String(body.uri), cid: String(body.cid) };
}

async function upload({ auth }: Member, body: Uint8Array): Promise<object> {
  const headers = { authorization: auth, "content-type": "image/png" };
  const response = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", { method: "POST", headers, body });
  if (response.status !== 200) throw new Error(`upload: ${response.status}`);
  return (await response.json<{ blob: object }>()).blob;
}

/** A blob that a post shows, as a subject. */
async function picture(member: Member) {
  const blob = (await upload(member, crypto.getRandomValues(new Uint8Array(100)))) as {
    ref: { $link: string };
  };
  const embed = { $type: "app.bsky.embed.images", images: [{ alt: "", image: blob }] };
  await say(member, "look", { embed });
  return { $type: "com.atproto.admin.defs#repoBlobRef", did: member.did, cid: blob.ref.$link };
}

type Subject = { uri: string } | { cid: string };

function subjectFlow(did: Did, subject: Subject, wanted: boolean): Flow {
  const name = "uri" in subject ? subject.uri : subject.cid;
  const inObject = async () => {
    const account = bindings.ACCOUNT.getByName(did);
    const path = name.slice(`at://${did}/`.length);
    const found =
      "uri" in subject ? (await account.recordTakedown(path))?.takedown : await account.blobTakedown(name);
    return found?.applied === true;
  };
  return {
    did: async () => did,
    run: () => takedown(subject, wanted),
    done: async () => (await inObject()) === wanted,
    check: async () => assertSubjectAgreed(did, name, await inObject()),
  };
}

const deletionOf = ({ did, handle }: Member) => ({
  did: async () => did,
  done: async () => (await directory.stage(did)) === null,
  /** What the directory kept is gone with the account, and its name is free. */
  async check() {
    if ((await directory.stage(did)) !== null) return;
    const { results } = await bindings.DIRECTORY.prepare("SELECT subject FROM subject_status WHERE did = ?")
      .bind(did)
      .all();
    expect(results).toEqual([]);
    expect(await join(handle.replace(".test", ""))).toMatchObject({ handle });
  },
});

/** Who has a handle, be it reserved only. */
async function holderOf(handle: string): Promise<Did | null> {
  const row = await bindings.DIRECTORY.prepare("SELECT did FROM account WHERE handle = ?")
    .bind(handle)
    .first<{ did: Did }>();
  return row?.did ?? null;
}

async function hasPassword(did: Did, password: string): Promise<boolean> {
  const proof = bindings.ACCOUNT.getByName(did).checkPassword(password, null);
  return proof.then(
    () => true,
    () => false,
  );
}

/** Signs up where invites are asked for. */
async function signUpInvited(input: object): Promise<void> {
  const url = new URL("/xrpc/com.atproto.server.createAccount", ORIGIN);
  const headers = { "content-type": "application/json" };
  const request = new Request(url, { method: "POST", headers, body: JSON.stringify(input) });
  const env = { ...bindings, REGISTRATION: "invite" as const };
  await methods
    .get("com.atproto.server.createAccount")
    ?.serve(request, url, servicesOf(request, env, createExecutionContext()));
}

async function archiveOf({ did }: Member): Promise<Uint8Array> {
  const response = await fetchHost(`/xrpc/com.atproto.sync.getRepo?did=${did}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function importInto({ auth }: Member, body: Uint8Array): Promise<void> {
  const headers = { authorization: auth, "content-type": "application/vnd.ipld.car" };
  const response = await fetchHost("/xrpc/com.atproto.repo.importRepo", { method: "POST", headers, body });
  if (response.status !== 200) throw new Error(`import: ${response.status} ${await response.text()}`);
}

const revOf = async ({ did }: Member) => (await bindings.ACCOUNT.getByName(did).getLatestCommit("owner")).rev;

/** One member does for all cuts of a flow that can be undone. */
export const flows: Record<string, () => Promise<() => Promise<Flow>>> = {
  async deactivation() {
    const member = await join();
    return async () => {
      await post("com.atproto.server.activateAccount", { auth: member.auth });
      return {
        did: async () => member.did,
        run: () => succeed(xrpc("com.atproto.server.deactivateAccount", { auth: member.auth, input: {} })),
        done: async () => (await directory.find(member.did))?.status === "deactivated",
      };
    };
  },

  async activation() {
    const member = await join();
    return async () => {
      await xrpc("com.atproto.server.deactivateAccount", { auth: member.auth, input: {} });
      return {
        did: async () => member.did,
        run: () => succeed(post("com.atproto.server.activateAccount", { auth: member.auth })),
        done: async () => (await directory.find(member.did))?.status === "active",
      };
    };
  },

  async "a change of handle"() {
    const member = await join();
    return async () => {
      const handle = `${newName()}.test`;
      return {
        did: async () => member.did,
        run: () =>
          succeed(xrpc("com.atproto.identity.updateHandle", { auth: member.auth, input: { handle } })),
        done: async () => (await directory.find(member.did))?.handle === handle,
      };
    };
  },

  async "a takedown of an account"() {
    const member = await join();
    return async () => {
      await takedown(repoRef(member.did), false);
      return {
        did: async () => member.did,
        run: () => takedown(repoRef(member.did), true),
        done: async () => (await directory.find(member.did))?.status === "takendown",
      };
    };
  },

  async "a restoration of an account"() {
    const member = await join();
    return async () => {
      await takedown(repoRef(member.did), true);
      return {
        did: async () => member.did,
        run: () => takedown(repoRef(member.did), false),
        done: async () => (await directory.find(member.did))?.status === "active",
      };
    };
  },

  async "a takedown of a record"() {
    const member = await join();
    const subject = await say(member, "regrettable");
    return async () => {
      await takedown(subject, false);
      return subjectFlow(member.did, subject, true);
    };
  },

  async "a restoration of a record"() {
    const member = await join();
    const subject = await say(member, "harmless after all");
    return async () => {
      await takedown(subject, true);
      return subjectFlow(member.did, subject, false);
    };
  },

  async "a takedown of a blob"() {
    const member = await join();
    const subject = await picture(member);
    return async () => {
      await takedown(subject, false);
      return subjectFlow(member.did, subject, true);
    };
  },

  async "a label"() {
    const { did } = await join();
    let isOn = false;
    return async () => {
      isOn = !isOn;
      const label = { uri: did, val: "spam", neg: !isOn };
      const told = async () => {
        const newest = "SELECT neg FROM label WHERE uri = ? ORDER BY seq DESC LIMIT 1";
        const row = await bindings.DIRECTORY.prepare(newest).bind(did).first<{ neg: number }>();
        return row?.neg === 0;
      };
      const wanted = isOn;
      return {
        did: async () => did,
        run: () => succeed(asAdmin("internal.atoll.admin.createLabels", { input: { labels: [label] } })),
        done: async () => (await told()) === wanted,
        async check() {
          const row = await bindings.APPVIEW_DB.prepare("SELECT 1 FROM label WHERE uri = ?")
            .bind(did)
            .first();
          expect(row !== null).toBe(await told());
        },
      };
    };
  },

  async "a change of e-mail address"() {
    const member = await join();
    return async () => {
      const email = `${newName()}@example.com`;
      const before = (await directory.find(member.did))?.email ?? "";
      await xrpc("com.atproto.server.requestPasswordReset", { input: { email: before } });
      const { code } = await lastMail(before);
      return {
        did: async () => member.did,
        run: () => succeed(xrpc("com.atproto.server.updateEmail", { auth: member.auth, input: { email } })),
        done: async () => (await directory.find(member.did))?.email === email,
        async check() {
          if ((await directory.find(member.did))?.email !== email) return;
          // Who has the old mailbox can do nothing any more.
          const input = { token: code, password: "a thief's" };
          const { body } = await xrpc("com.atproto.server.resetPassword", { input });
          expect(body).toMatchObject({ error: "InvalidToken" });
        },
      };
    };
  },

  async "a password reset"() {
    const member = await join();
    return async () => {
      const password = newName();
      await bindings.DIRECTORY.prepare(
        "INSERT INTO oauth_device_account VALUES ('thief', ?1, 1, ?2, ?2) ON CONFLICT DO NOTHING",
      )
        .bind(member.did, Date.now())
        .run();
      const ask = async () => {
        await xrpc("com.atproto.server.requestPasswordReset", { input: { email: member.email } });
        return (await lastMail(member.email)).code;
      };
      let code = await ask();
      const isSet = () => hasPassword(member.did, password);
      return {
        did: async () => member.did,
        async run() {
          const asked = xrpc("com.atproto.server.resetPassword", { input: { token: code, password } });
          await succeed(asked).catch(async (thrown) => {
            // A code that a failed attempt used up is asked for again.
            if (!String(thrown).includes("InvalidToken")) throw thrown;
            code = await ask();
            await succeed(xrpc("com.atproto.server.resetPassword", { input: { token: code, password } }));
          });
        },
        done: isSet,
        async check() {
          if (!(await isSet())) return;
          const left = await bindings.DIRECTORY.prepare("SELECT 1 FROM oauth_device_account WHERE did = ?")
            .bind(member.did)
            .first();
          expect(left).toBeNull();
        },
      };
    };
  },

  async "a password set by the admin"() {
    const member = await join();
    return async () => {
      const password = newName();
      const now = Date.now();
      await bindings.DIRECTORY.prepare(
        "INSERT INTO oauth_device_account VALUES ('thief', ?1, 1, ?2, ?2) ON CONFLICT DO NOTHING",
      )
        .bind(member.did, now)
        .run();
      const account = bindings.ACCOUNT.getByName(member.did);
      const { id } = await account.createRefreshToken(null);
      const isSet = () => hasPassword(member.did, password);
      return {
        did: async () => member.did,
        run: () =>
          succeed(
            asAdmin("com.atproto.admin.updateAccountPassword", { input: { did: member.did, password } }),
          ),
        done: isSet,
        /** A password that is set ends every session; one that is not ends none. */
        async check() {
          if (!(await isSet())) return;
          const left = await bindings.DIRECTORY.prepare("SELECT 1 FROM oauth_device_account WHERE did = ?")
            .bind(member.did)
            .first();
          const token = await bindings.ACCOUNT.getByName(member.did).rotateRefreshToken(id);
          expect([left, token]).toEqual([null, null]);
        },
      };
    };
  },

  async "an operation on the DID"() {
    const member = await join();
    let keys = 0;
    return async () => {
      const name = `key${keys++}`;
      const operation = await services.plc.signUpdate(member.did, (state) => ({
        ...state,
        verificationMethods: {
          atproto: state.verificationMethods.atproto ?? "",
          [name]: state.verificationMethods.atproto ?? "",
        },
      }));
      const told = (await toldOf(member.did)).length;
      const done = async () => JSON.stringify(await documentOf(member.did)).includes(`#${name}"`);
      return {
        did: async () => member.did,
        run: () =>
          succeed(
            xrpc("com.atproto.identity.submitPlcOperation", { auth: member.auth, input: { operation } }),
          ),
        done,
        async check() {
          if (await done()) expect((await toldOf(member.did)).length).toBeGreaterThan(told);
        },
      };
    };
  },

  async "a sign-up"() {
    return async () => {
      const handle: Handle = `${newName()}.test`;
      const { body } = await asAdmin("com.atproto.server.createInviteCode", { input: { useCount: 1 } });
      const input = {
        handle,
        email: `${handle}@example.com`,
        password: "a new member",
        inviteCode: body.code,
      };
      return {
        did: () => holderOf(handle),
        run: () => signUpInvited(input),
        done: async () => (await directory.find(handle))?.status === "active",
        async check() {
          const uses = await bindings.DIRECTORY.prepare(
            "SELECT used_by AS did FROM invite_use WHERE code = ?",
          )
            .bind(body.code)
            .all<{ did: string }>();
          const holder = await holderOf(handle);
          expect(uses.results).toEqual(holder === null ? [] : [{ did: holder }]);
        },
      };
    };
  },

  async "a sign-up of somebody who was let in"() {
    const requests = new JoinRequests(bindings.DIRECTORY);
    const decisions = new JoinDecisions(bindings.DIRECTORY);
    return async () => {
      const handle: Handle = `${newName()}.test`;
      const email = `${handle}@example.com`;
      await requests.ask({ keyDigest: handle, handle, email, reason: "To be with you." });
      const ids = (await requests.list("waiting", null, 50)).map(({ id }) => id);
      const inviteCode = `code-${handle}`;
      await decisions.approve({ ids, actor: "admin", word: "" }, () => inviteCode);
      return {
        did: () => holderOf(handle),
        run: () => signUpInvited({ handle, email, password: "a new member", inviteCode }),
        done: async () => (await directory.find(handle))?.status === "active",
        /** Whoever is not in yet is still let in. */
        async check() {
          const did = await holderOf(handle);
          const found = await requests.byKey(handle);
          expect([found?.state, found?.did, found?.email]).toEqual(
            did === null ? ["approved", null, email] : ["joined", did, null],
          );
        },
      };
    };
  },

  async "a move in"() {
    return async () => {
      const name = newName();
      const did: Did = `did:web:${name}.example.com`;
      const handle: Handle = `${name}.test`;
      const { body } = await xrpc("com.atproto.server.reserveSigningKey", { input: { did } });
      return {
        did: async () => did,
        run: () =>
          bringAccount(servicesOf(new Request(ORIGIN), bindings, createExecutionContext()), {
            did,
            handle,
            email: `${name}@example.com`,
            password: "on the road",
          }),
        done: async () => (await directory.find(did))?.status === "deactivated",
        async check() {
          if ((await directory.find(did)) === null) return;
          expect(await bindings.ACCOUNT.getByName(did).signingKey()).toBe(body.signingKey);
          expect(await directory.reservedKeys.find(did)).toBeNull();
        },
      };
    };
  },

  async "a deletion by the member"() {
    return async () => {
      const member = await join();
      await picture(member);
      await post("com.atproto.server.requestAccountDelete", { auth: member.auth });
      let { code } = await lastMail(member.email);
      return {
        ...deletionOf(member),
        async run() {
          const leave = () => {
            const input = { did: member.did, password: member.password, token: code };
            return succeed(xrpc("com.atproto.server.deleteAccount", { input }));
          };
          await leave().catch(async (thrown) => {
            if (!String(thrown).includes("InvalidToken")) throw thrown;
            await post("com.atproto.server.requestAccountDelete", { auth: member.auth });
            ({ code } = await lastMail(member.email));
            await leave();
          });
        },
      };
    };
  },

  async "a deletion by the admin"() {
    return async () => {
      const member = await join();
      await takedown(await say(member, "regrettable"), true);
      return {
        ...deletionOf(member),
        run: () => succeed(asAdmin("com.atproto.admin.deleteAccount", { input: { did: member.did } })),
      };
    };
  },

  async "an upload"() {
    const member = await join();
    return async () => {
      const bytes = crypto.getRandomValues(new Uint8Array(100));
      return {
        did: async () => member.did,
        run: () => upload(member, bytes),
        // A blob that nothing refers to may be there or not.
        done: async () => true,
        async check() {
          // What no row knows is found by the account's sweep, which is set.
          const [row] = await rowsOf(member.did, "SELECT sweep_at FROM account");
          const { objects } = await bindings.BLOBS.list({ prefix: `${member.did}/` });
          if (objects.length > 0) expect(row?.sweep_at).not.toBeNull();
        },
      };
    };
  },

  async "an import"() {
    const member = await join();
    await say(member, "one");
    return async () => {
      const car = await archiveOf(member);
      const rev = await revOf(member);
      return {
        did: async () => member.did,
        run: () => importInto(member, car),
        done: async () => (await revOf(member)) !== rev,
      };
    };
  },
};
