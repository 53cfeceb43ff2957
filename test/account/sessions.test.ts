import { scryptSync } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { runInDurableObject } from "cloudflare:test";
import { verify } from "../../src/protocol/keys.ts";
import { SIGN_IN_LIMITS } from "../../src/account/limits.ts";
import { Sessions } from "../../src/account/sessions.ts";
import { consume } from "../../src/protocol/object/limits.ts";
import { Sql } from "../../src/protocol/object/sql.ts";
import { kill, stubOf } from "../support/object-access.ts";
import type { Member } from "../support/account.ts";
import { accountOf, newAccount, newMember, refusalOf, settle } from "../support/account.ts";

const HOUR = 3_600_000;
const PASSWORD = "correct horse battery staple";

let member: Member;
beforeAll(async () => {
  member = await newAccount(PASSWORD);
});

/** The sessions of an account, at any time that a test chooses. */
function sessionsOf<T>(of: Member, use: (sessions: Sessions) => T | Promise<T>): Promise<T> {
  return runInDurableObject(stubOf(of.did), (_, state) => use(new Sessions(new Sql(state.storage), of.did)));
}

describe("passwords", () => {
  test("the account's own is the account; any other is nobody", async () => {
    expect(await member.account.checkPassword(PASSWORD, null)).toBeNull();
    for (const wrong of ["", "wrong", PASSWORD.toUpperCase(), "aaaa-bbbb-cccc-dddd", "x".repeat(5000)]) {
      expect(await refusalOf(member.account.checkPassword(wrong, null))).toMatchObject({
        error: "AuthenticationRequired",
        status: 401,
      });
    }
  });

  test("hashes carry their parameters and a salt of their own", async () => {
    const hashes = await Promise.all([newAccount(PASSWORD), newAccount(PASSWORD)]).then((members) =>
      Promise.all(
        members.map(({ did }) =>
          runInDurableObject(stubOf(did), (_, state) =>
            state.storage.sql.exec("SELECT password FROM account").one(),
          ),
        ),
      ),
    );
    expect(hashes[0]?.["password"]).toMatch(/^scrypt\$\d+\$\d+\$\d+\$[0-9a-f]{32}\$[0-9a-f]{64}$/);
    expect(hashes[0]).not.toEqual(hashes[1]);
  });

  test("there are a hundred app passwords at most; one that is revoked makes room", async () => {
    const { account } = await newAccount(PASSWORD);
    for (let i = 0; i < 100; i++) await account.createAppPassword(`app ${i}`, false);
    expect(await refusalOf(account.createAppPassword("one more", false))).toMatchObject({
      error: "InvalidRequest",
      message: expect.stringContaining("Revoke one"),
    });
    await account.revokeAppPassword("app 7");
    await account.createAppPassword("one more", false);
    expect(await account.listAppPasswords()).toHaveLength(100);
  });

  test("there are five hundred refresh tokens at most, and those that end first make room", async () => {
    const other = await newAccount(PASSWORD);
    const ids = await sessionsOf(other, (sessions) => {
      const made = Array.from({ length: 520 }, (_, i) => sessions.createRefreshToken(null, 1_000 + i).id);
      // A used one ends before those that are not, and each rotation makes one as well.
      let id = made.at(-1) ?? "";
      for (let i = 0; i < 20; i++) id = sessions.rotateRefreshToken(id, 2_000 + i)?.id ?? "";
      return { made, last: id };
    });
    const count = await runInDurableObject(stubOf(other.did), (_, state) =>
      state.storage.sql.exec("SELECT count(*) AS n FROM refresh_token").one(),
    );
    expect(count).toEqual({ n: 500 });
    await sessionsOf(other, (sessions) => {
      expect(sessions.rotateRefreshToken(ids.made[0] ?? "", 3_000)).toBeNull();
      expect(sessions.rotateRefreshToken(ids.made[510] ?? "", 3_000)).not.toBeNull();
      expect(sessions.rotateRefreshToken(ids.last, 3_000)).not.toBeNull();
    });
  });

  test("a hash of another cost is verified at that cost, as after the cost has changed", async () => {
    const { account, did } = await newAccount("another one");
    const salt = "00112233445566778899aabbccddeeff";
    const hash = scryptSync(PASSWORD, Buffer.from(salt, "hex"), 32, { N: 16384, r: 8, p: 1 }).toString("hex");
    await runInDurableObject(stubOf(did), (_, state) =>
      state.storage.sql.exec("UPDATE account SET password = ?", `scrypt$16384$8$1$${salt}$${hash}`),
    );
    expect(await account.checkPassword(PASSWORD, null)).toBeNull();
    expect((await refusalOf(account.checkPassword("another one", null))).status).toBe(401);
  });

  test("an app password signs in under its name until revoked, and its tokens with it", async () => {
    const { account } = await newAccount(PASSWORD);
    const { password, privileged } = await account.createAppPassword("phone", true);
    expect(password).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
    expect(privileged).toBe(true);
    const proof = await account.checkPassword(password, null);
    expect(proof).toEqual({ name: "phone", privileged: true });
    expect((await refusalOf(account.createAppPassword("phone", false))).error).toBe("InvalidRequest");
    const { id } = await account.createRefreshToken(proof);
    expect((await account.listAppPasswords()).map(({ name }) => name)).toEqual(["phone"]);
    await account.revokeAppPassword("phone");
    expect((await refusalOf(account.checkPassword(password, null))).error).toBe("AuthenticationRequired");
    expect(await account.rotateRefreshToken(id)).toBeNull();
  });

  test("a new password ends the old one and every session", async () => {
    const { account } = await newAccount(PASSWORD);
    const { id } = await account.createRefreshToken(null);
    await account.setPassword("another");
    expect(await account.checkPassword("another", null)).toBeNull();
    expect((await refusalOf(account.checkPassword(PASSWORD, null))).status).toBe(401);
    expect(await account.rotateRefreshToken(id)).toBeNull();
    expect((await refusalOf(account.setPassword("x".repeat(257)))).error).toBe("InvalidPassword");
  });
});

describe("limits of attempts", () => {
  test("30 in five minutes and 300 a day, to the attempt", () => {
    let counts: [number, number][] = [];
    let allowed = 0;
    for (let now = 1; now <= 24 * HOUR; now += 1000) {
      const result = consume(SIGN_IN_LIMITS, counts, 1, now);
      counts = result.counts;
      if (result.excess === null) allowed++;
      if (now < 300_000) expect(allowed).toBeLessThanOrEqual(30);
    }
    expect(allowed).toBe(300);
  });

  test("hold for one source, and over a restart of the object", async () => {
    const of = await newAccount(PASSWORD);
    const now = Date.now();
    await sessionsOf(of, async (sessions) => {
      for (let i = 0; i < 30; i++)
        await sessions.checkPassword("aaaa", "1.2.3.4", now).catch(() => undefined);
    });
    await kill(of.did);
    await sessionsOf(of, async (sessions) => {
      const refusal = await refusalOf(sessions.checkPassword(PASSWORD, "1.2.3.4", now));
      expect(refusal).toMatchObject({ error: "RateLimitExceeded", status: 429 });
      expect(await sessions.checkPassword(PASSWORD, "5.6.7.8", now)).toBeNull();
      expect(await sessions.checkPassword(PASSWORD, "1.2.3.4", now + 300_001)).toBeNull();
    });
  });
});

describe("refresh tokens", () => {
  test("a used one yields the same successor for two hours, then nothing", async () => {
    const of = await newAccount();
    const now = Date.now();
    await sessionsOf(of, (sessions) => {
      const first = sessions.createRefreshToken(null, now);
      const second = sessions.rotateRefreshToken(first.id, now + 1000);
      expect(second?.id).not.toBe(first.id);
      expect(sessions.rotateRefreshToken(first.id, now + HOUR)?.id).toBe(second?.id);
      expect(sessions.rotateRefreshToken(first.id, now + 2 * HOUR + 1000)).toBeNull();
      expect(sessions.rotateRefreshToken(second?.id ?? "", now + 3 * HOUR)).not.toBeNull();
    });
  });

  test("revoked, it is unknown; and so is one that was never given", async () => {
    const of = await newAccount();
    const { id } = await of.account.createRefreshToken(null);
    await of.account.revokeRefreshToken(id);
    expect(await of.account.rotateRefreshToken(id)).toBeNull();
    expect(await of.account.rotateRefreshToken("made up")).toBeNull();
  });

  test("a takedown revokes them all", async () => {
    const { account } = await newMember();
    const { id } = await account.createRefreshToken(null);
    await settle(account, { takedown: "takendown", takedownRef: "why" });
    expect(await account.rotateRefreshToken(id)).toBeNull();
  });
});

describe("e-mail tokens", () => {
  test("are good once, for one purpose, whatever their case", async () => {
    const { account } = await newAccount();
    const address = "alice@example.com";
    const token = await account.createEmailToken("confirm_email", address);
    expect(token).toMatch(/^[A-Z2-7]{5}-[A-Z2-7]{5}$/);
    expect((await refusalOf(account.checkEmailToken("delete_account", { token, address }))).error).toBe(
      "InvalidToken",
    );
    await account.checkEmailToken("confirm_email", { token, address }, true);
    await account.checkEmailToken("confirm_email", { token: token.toLowerCase(), address });
    expect((await refusalOf(account.checkEmailToken("confirm_email", { token, address }))).error).toBe(
      "InvalidToken",
    );
  });

  test("hold only for the address to which they were mailed", async () => {
    const { account } = await newAccount("the old password");
    const token = await account.createEmailToken("reset_password", "old@example.com");
    const elsewhere = { token, address: "new@example.com" };
    expect((await refusalOf(account.checkEmailToken("reset_password", elsewhere))).error).toBe(
      "InvalidToken",
    );
    expect((await refusalOf(account.setPassword("a thief's", elsewhere))).error).toBe("InvalidToken");
    expect(await account.checkPassword("the old password", null)).toBeNull();
    await account.setPassword("the new password", { token, address: "old@example.com" });
    expect(await account.checkPassword("the new password", null)).toBeNull();
  });

  test("expire after 15 minutes, and the newest replaces the older", async () => {
    const of = await newAccount();
    const address = "alice@example.com";
    const now = Date.now();
    await sessionsOf(of, async (sessions) => {
      const old = sessions.createEmailToken("reset_password", address, now);
      const token = sessions.createEmailToken("reset_password", address, now);
      const check = (which: string, at: number) =>
        refusalOf(
          Promise.resolve().then(() =>
            sessions.checkEmailToken("reset_password", { token: which, address }, false, at),
          ),
        );
      expect((await check(old, now)).error).toBe("InvalidToken");
      expect((await check(token, now + HOUR / 4)).error).toBe("ExpiredToken");
      sessions.checkEmailToken("reset_password", { token, address }, false, now + HOUR / 4 - 1);
    });
  });
});

describe("keys", () => {
  test("service tokens are signed by the repo's key", async () => {
    const { account, key } = await newAccount();
    expect(await account.signingKey()).toBe(key);
    const jwt = await account.signServiceJwt({ iss: "a", aud: "b", exp: 1 });
    const [head = "", body = "", sig = ""] = jwt.split(".");
    expect(JSON.parse(atob(head))).toEqual({ typ: "JWT", alg: "ES256K" });
    expect(JSON.parse(atob(body))).toEqual({ iss: "a", aud: "b", exp: 1 });
    const bytes = new TextEncoder().encode(`${head}.${body}`);
    expect(await verify(key, bytes, new Uint8Array(Buffer.from(sig, "base64url")))).toBe(true);
  });

  test("a given key is the account's, and leaves only when asked for by name", async () => {
    const given = crypto.getRandomValues(new Uint8Array(32));
    const { did } = await newAccount();
    const other = accountOf(`${did}x`);
    await other.create({ did: `${did}x`, at: Date.now(), password: null, signingKey: given });
    expect(await other.exportKey()).toEqual(given);
  });
});

describe("preferences", () => {
  const details = { $type: "app.bsky.actor.defs#personalDetailsPref", birthDate: "1990-01-01T00:00:00Z" };
  const tags = { $type: "app.bsky.actor.defs#interestsPref", tags: ["a"] };

  test("are kept in order; age is declared from the birth date, which an app password does not see", async () => {
    const { account } = await newAccount();
    await account.putPreferences("app.bsky", [tags, details], true);
    const declared = { isOverAge13: true, isOverAge16: true, isOverAge18: true };
    const full = await account.getPreferences("app.bsky", true);
    expect(full).toEqual([tags, details, { $type: "app.bsky.actor.defs#declaredAgePref", ...declared }]);
    expect(await account.getPreferences("app.bsky", false)).toEqual([tags, full[2]]);
    await account.putPreferences("app.bsky", [], false);
    expect((await account.getPreferences("app.bsky", true))[0]).toEqual(details);
  });

  test.each([
    ["of another namespace", [{ $type: "com.example.pref" }], true],
    ["without a type", [{ a: 1 }], true],
    ["that the caller may not set", [details], false],
  ])("refuses those %s", async (_, preferences, full) => {
    const { account } = await newAccount();
    expect((await refusalOf(account.putPreferences("app.bsky", preferences, full))).error).toBe(
      "InvalidRequest",
    );
    expect(await account.getPreferences("app.bsky", true)).toEqual([]);
  });
});
