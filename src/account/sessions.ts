/**
 * Credentials of the account: its password, app passwords, refresh tokens and e-mail tokens. Tokens are made
 * and verified elsewhere; this file holds what makes them revocable.
 */
import { randomBytes } from "node:crypto";
import type {
  AppPassword,
  AppPasswordProof,
  EmailTokenPurpose,
  MailedCode,
  RefreshGrant,
} from "../protocol/account-station.ts";
import { consume, rateLimited } from "../protocol/object/limits.ts";
import type { Counts } from "../protocol/object/limits.ts";
import type { Sql } from "../protocol/object/sql.ts";
import { Refusal, authRequired, invalidRequest } from "../protocol/refusal.ts";
import { SIGN_IN_LIMITS } from "./limits.ts";
import {
  PASSWORD_MAX_LENGTH,
  appPasswordDigest,
  hashPassword,
  newAppPassword,
  randomBase32,
  verifyPassword,
} from "./password.ts";

const HOUR = 3_600_000;
const REFRESH_LIFETIME = 90 * 24 * HOUR;
/** How long a used refresh token still yields its successor, so that parallel clients survive. */
const REFRESH_GRACE = 2 * HOUR;
const EMAIL_TOKEN_LIFETIME = HOUR / 4;
/** Most refresh tokens; those that end first make room. Each sign-in has one, and each hour of a client's use. */
const REFRESH_TOKENS = 500;
const APP_PASSWORDS = 100;
/** Most sources whose attempts are remembered. The oldest is forgotten first. */
const SOURCES = 64;

type RefreshRow = {
  id: string;
  expires_at: number;
  app_password: string | null;
  next_id: string | null;
  privileged: number | null;
};

export class Sessions {
  readonly #sql: Sql;
  readonly #did: string;
  /** Attempts by source. Written to the account's row after each failed one. */
  #attempts: Map<string, Counts> | null = null;

  constructor(sql: Sql, did: string) {
    this.#sql = sql;
    this.#did = did;
  }

  // -------------------------------------------------------------------------------------------- passwords

  /**
   * Checks a password or an app password. Attempts are limited for each `source`; null is no limit. Refuses
   * AuthenticationRequired, RateLimitExceeded.
   */
  async checkPassword(password: string, source: string | null, now: number): Promise<AppPasswordProof> {
    if (source !== null) this.#consumeAttempt(source, now);
    const proof = await this.#proofOf(password);
    if (proof === undefined) {
      if (source !== null) this.#keepAttempts();
      throw authRequired("Invalid identifier or password");
    }
    return proof;
  }

  /** The app password that matches, null for the member's password, undefined if the password is wrong. */
  async #proofOf(password: string): Promise<AppPasswordProof | undefined> {
    const digest = appPasswordDigest(this.#did, password);
    if (digest !== null) {
      const row = this.#sql.first<{ name: string; privileged: number }>(
        "SELECT name, privileged FROM app_password WHERE digest = ?",
        digest,
      );
      if (row !== null) return { name: row.name, privileged: row.privileged === 1 };
    }
    const stored = this.#sql.first<{ password: string | null }>("SELECT password FROM account")?.password;
    if (!stored || password.length > 2 * PASSWORD_MAX_LENGTH) return undefined;
    return (await verifyPassword(password, stored)) ? null : undefined;
  }

  #consumeAttempt(source: string, now: number): void {
    if (this.#attempts === null) {
      const kept = this.#sql.first<{ attempts: string | null }>("SELECT attempts FROM account")?.attempts;
      this.#attempts = attemptsIn(kept ?? null);
    }
    const result = consume(SIGN_IN_LIMITS, this.#attempts.get(source) ?? [], 1, now);
    if (result.excess !== null) throw rateLimited(result.excess);
    this.#attempts.delete(source);
    this.#attempts.set(source, result.counts);
    const oldest = this.#attempts.keys().next();
    if (this.#attempts.size > SOURCES && !oldest.done) this.#attempts.delete(oldest.value);
  }

  #keepAttempts(): void {
    this.#sql.run("UPDATE account SET attempts = ?", JSON.stringify([...(this.#attempts ?? [])]));
  }

  /** Uses up the code, if there is one, in the same transaction. */
  async setPassword(password: string, code: MailedCode | undefined, now: number): Promise<void> {
    if (code !== undefined) this.checkEmailToken("reset_password", code, true, now);
    const hash = await hashPassword(checkedPassword(password));
    this.#sql.transaction(() => {
      if (code !== undefined) this.checkEmailToken("reset_password", code, false, now);
      this.#sql.run("UPDATE account SET password = ?, attempts = NULL", hash);
      this.revokeAllRefreshTokens();
    });
    this.#attempts = null;
  }

  createAppPassword(name: string, privileged: boolean, now: number): AppPassword & { password: string } {
    if (this.#sql.first("SELECT 1 FROM app_password WHERE name = ?", name) !== null) {
      throw invalidRequest("could not create app-specific password");
    }
    if (this.listAppPasswords().length >= APP_PASSWORDS) {
      throw invalidRequest(`There are ${APP_PASSWORDS} app passwords already. Revoke one that is not used`);
    }
    const password = newAppPassword();
    const createdAt = new Date(now).toISOString();
    this.#sql.run(
      "INSERT INTO app_password (name, digest, privileged, created_at) VALUES (?, ?, ?, ?)",
      name,
      appPasswordDigest(this.#did, password),
      privileged ? 1 : 0,
      createdAt,
    );
    return { name, password, createdAt, privileged };
  }

  /** Newest first. */
  listAppPasswords(): AppPassword[] {
    return this.#sql
      .all<{ name: string; privileged: number; created_at: string }>(
        "SELECT name, privileged, created_at FROM app_password ORDER BY created_at DESC, name",
      )
      .map((row) => ({ name: row.name, createdAt: row.created_at, privileged: row.privileged === 1 }));
  }

  revokeAppPassword(name: string): void {
    this.#sql.transaction(() => {
      this.#sql.run("DELETE FROM app_password WHERE name = ?", name);
      this.#sql.run("DELETE FROM refresh_token WHERE app_password = ?", name);
    });
  }

  // ------------------------------------------------------------------------------------------ refresh tokens

  createRefreshToken(appPassword: AppPasswordProof, now: number): RefreshGrant {
    const grant = { id: newTokenId(), expiresAt: now + REFRESH_LIFETIME };
    this.#storeRefreshToken(grant.id, grant.expiresAt, appPassword?.name ?? null);
    return { id: grant.id, expiresAt: new Date(grant.expiresAt).toISOString(), appPassword };
  }

  rotateRefreshToken(id: string, now: number): RefreshGrant | null {
    return this.#sql.transaction(() => {
      const row = this.#sql.first<RefreshRow>(
        "SELECT id, expires_at, t.app_password, next_id, privileged FROM refresh_token t LEFT JOIN app_password p ON p.name = t.app_password WHERE id = ?",
        id,
      );
      if (row === null || row.expires_at <= now) return null;
      this.#sql.run("DELETE FROM refresh_token WHERE expires_at <= ?", now);
      const nextId = row.next_id ?? newTokenId();
      const expiresAt = now + REFRESH_LIFETIME;
      if (row.next_id === null) {
        this.#sql.run(
          "UPDATE refresh_token SET expires_at = ?, next_id = ? WHERE id = ?",
          Math.min(row.expires_at, now + REFRESH_GRACE),
          nextId,
          id,
        );
        this.#storeRefreshToken(nextId, expiresAt, row.app_password);
      } else if (this.#sql.first("SELECT 1 FROM refresh_token WHERE id = ?", nextId) === null) {
        // The successor was revoked (signed out), and its predecessor with it.
        return null;
      }
      const appPassword =
        row.app_password === null ? null : { name: row.app_password, privileged: row.privileged === 1 };
      return { id: nextId, expiresAt: new Date(expiresAt).toISOString(), appPassword };
    });
  }

  #storeRefreshToken(id: string, expiresAt: number, appPassword: string | null): void {
    this.#sql.run(
      "INSERT INTO refresh_token (id, expires_at, app_password) VALUES (?, ?, ?)",
      id,
      expiresAt,
      appPassword,
    );
    this.#sql.run(
      `DELETE FROM refresh_token WHERE id <> ?1 AND id IN (
        SELECT id FROM refresh_token ORDER BY expires_at DESC LIMIT -1 OFFSET ${REFRESH_TOKENS})`,
      id,
    );
  }

  revokeRefreshToken(id: string): void {
    this.#sql.run("DELETE FROM refresh_token WHERE id = ?", id);
  }

  revokeAllRefreshTokens(): void {
    this.#sql.run("DELETE FROM refresh_token");
  }

  // ------------------------------------------------------------------------------------------- e-mail tokens

  createEmailToken(purpose: EmailTokenPurpose, address: string, now: number): string {
    const token = `${randomBase32(5)}-${randomBase32(5)}`.toUpperCase();
    this.#sql.run(
      `INSERT INTO email_token (purpose, token, requested_at, address) VALUES (?, ?, ?, ?)
       ON CONFLICT (purpose) DO UPDATE SET token = excluded.token, requested_at = excluded.requested_at,
         address = excluded.address`,
      purpose,
      token,
      now,
      address,
    );
    return token;
  }

  checkEmailToken(
    purpose: EmailTokenPurpose,
    { token, address }: MailedCode,
    keep: boolean,
    now: number,
  ): void {
    const row = this.#sql.first<{ requested_at: number }>(
      "SELECT requested_at FROM email_token WHERE purpose = ? AND token = ? AND address = ?",
      purpose,
      token.toUpperCase(),
      address,
    );
    if (row === null) throw new Refusal("InvalidToken", "Token is invalid");
    if (now - row.requested_at >= EMAIL_TOKEN_LIFETIME) throw new Refusal("ExpiredToken", "Token is expired");
    if (!keep) this.#sql.run("DELETE FROM email_token WHERE purpose = ?", purpose);
  }
}

const newTokenId = () => randomBytes(32).toString("base64");

/** Returns the password. Refuses InvalidPassword when it is too long. */
export function checkedPassword(password: string): string {
  if (password.length > PASSWORD_MAX_LENGTH) throw new Refusal("InvalidPassword", "Password too long");
  return password;
}

/** Attempts as they were stored. Nobody is kept out by what cannot be read. */
function attemptsIn(text: string | null): Map<string, Counts> {
  try {
    return new Map(text === null ? [] : JSON.parse(text));
  } catch {
    return new Map();
  }
}
