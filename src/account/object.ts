/**
 * One Durable Object for each account, found by DID. Each method checks the account's state, and delegates to the
 * file that does the work. `account-station.ts` documents the methods.
 */
import { DurableObject } from "cloudflare:workers";
import type { Did } from "@atcute/lexicons";
import type { KeptAccount, KeptParts } from "../protocol/object/account-backup.ts";
import type * as station from "../protocol/account-station.ts";
import type { ByteRange } from "../protocol/object/files.ts";
import { didKey } from "../protocol/keys.ts";
import { AlarmClock } from "../protocol/object/alarm.ts";
import { Sql, rowsSince } from "../protocol/object/sql.ts";
import { invalidRequest, must } from "../protocol/refusal.ts";
import { configure } from "../protocol/settings/configured.ts";
import type { Bindings } from "../protocol/stations.ts";
import { Account } from "./account.ts";
import { finishDestroy, runTasks } from "./alarm.ts";
import { backupOf, backupPage, markDue, restoreKept, restoreRevs } from "./backup.ts";
import * as blobs from "./blobs.ts";
import { getBlocks } from "./blocks.ts";
import { createIn } from "./create.ts";
import { examine } from "./doctor/examine.ts";
import { storedHead } from "./doctor/head.ts";
import { mendRepo } from "./doctor/mend.ts";
import { exportOf } from "./exports.ts";
import { dropFiles, putFile } from "./files/held.ts";
import { importRepo } from "./import/import.ts";
import { takeDownEverywhere } from "./import/tables.ts";
import { signServiceJwt } from "./jwt.ts";
import * as preferences from "./preferences.ts";
import { irregularRecords } from "./records/irregular.ts";
import * as records from "./records/record-reader.ts";
import { pathOf } from "./records/records.ts";
import { recordTakedown } from "./records/takedowns.ts";
import * as repo from "./repo-reads.ts";
import { repairRevs } from "./rev-repair.ts";
import {
  accountNotFound,
  checkActive,
  checkNotTakendown,
  checkReadable,
  checkWritable,
  noRepo,
  repoExists,
  repoNotFound,
  stillEnding,
} from "./state.ts";
import { Unreadable, followNoted, openStored } from "./unreadable.ts";
import { Writer } from "./writer.ts";

const RETRY_MS = 10_000;

export class AccountObject extends DurableObject<Bindings> implements station.AccountStation {
  readonly #sql: Sql;
  readonly #clock: AlarmClock;
  /** Null before `create` and after the account is destroyed, when nothing is stored. */
  #account: Account | null = null;
  #writer: Writer | null = null;
  /** Null unless something is stored that cannot be read. */
  #unreadable: Unreadable | null = null;
  /** The platform may not know it when an alarm wakes the object. Storage does. */
  #did: Did | null;
  /** Accounts made until then (ms) are not wanted any more: for a `create` that is still under way. */
  #endedUpTo = 0;
  #ending: Promise<void> | null = null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, configure(env).bindings);
    this.#sql = new Sql(ctx.storage);
    this.#clock = new AlarmClock(this.#sql);
    // Objects are named by DIDs.
    this.#did = (ctx.id.name ?? null) as Did | null;
    const stored = openStored(this.#sql, this.env, this.#clock, this.#did);
    if (stored instanceof Unreadable) this.#unreadable = stored;
    if (!(stored instanceof Account)) return;
    const account = this.#open(stored);
    void ctx.blockConcurrencyWhile(async () => {
      await this.#clock.load();
      repairRevs(account, Date.now());
      followNoted(account);
      // Sends what a crash left unsent at once, instead of waiting for the alarm.
      account.outbox.forward();
    });
  }

  #open(account: Account): Account {
    this.#account = account;
    this.#writer = new Writer(account);
    this.#did = account.did;
    return account;
  }

  /** The account, unless there is none or it is about to end. Refuses InternalServerError if it cannot be read. */
  #present(): Account | null {
    if (this.#unreadable !== null) throw this.#unreadable.refusal();
    return this.#account?.state.destroying === false ? this.#account : null;
  }

  /** The account, for reads of its repo. Refuses RepoNotFound, and what `checkReadable` refuses. */
  #existing(access: station.Access = "owner"): Account {
    const account = this.#present();
    if (account === null) throw repoNotFound(this.#did);
    checkReadable(account.state, access);
    return account;
  }

  /** The account, for callers that act as it. Refuses AccountNotFound (403). */
  #own(): Account {
    const account = this.#present();
    if (account === null) throw accountNotFound();
    return account;
  }

  /** The account, for com.atproto.repo's public reads. Refuses InvalidRequest `Could not find repo`. */
  #active(): Account {
    const account = this.#present();
    if (account === null) throw noRepo(this.#did);
    checkActive(account.state);
    return account;
  }

  /** Runs a write. Returns once it is durable and, with an AppView of our own, indexed or given up on. */
  async #write<T extends station.Costed>(run: (writer: Writer) => { outcome: T; position: number }) {
    const account = this.#own();
    checkWritable(account.state);
    const before = this.#sql.rows;
    const { outcome, position } = run(must(this.#writer, "writer"));
    if (this.env.LOCAL) outcome.cost = rowsSince(this.#sql, before);
    if (position > 0 && account.outbox.indexes) await account.outbox.settled(position);
    return outcome;
  }

  /** Changes what the firehose does not tell of, and marks the account for the next backup. */
  async #privately<T>(change: (account: Account) => T | Promise<T>): Promise<T> {
    const changed = await change(this.#own());
    await markDue(this.env.DIRECTORY, this.#did);
    return changed;
  }

  // -------------------------------------------------------------------------------------------- writes
  createRecord(input: station.CreateInput) {
    return this.#write((writer) => writer.createRecord(input));
  }
  putRecord(input: station.PutInput) {
    return this.#write((writer) => writer.putRecord(input));
  }
  deleteRecord(input: station.DeleteInput) {
    return this.#write((writer) => writer.deleteRecord(input));
  }
  applyWrites(input: station.BatchInput) {
    return this.#write((writer) => writer.applyWrites(input));
  }
  async importRepo(car: ReadableStream<Uint8Array>) {
    checkNotTakendown(this.#own().state);
    const before = this.#sql.rows;
    const irregular = await this.#privately((account) => importRepo(account, car));
    return { irregular, ...(this.env.LOCAL && { cost: rowsSince(this.#sql, before) }) };
  }

  // -------------------------------------------------------------------------------------------- reads
  async listCollections(access: station.Access) {
    return records.listCollections(this.#existing(access).sql);
  }
  async getRecord(collection: string, rkey: string, cid?: string) {
    const { sql, did } = this.#active();
    return records.viewRecord(sql, did, pathOf(collection, rkey), cid);
  }
  async listRecords(collection: string, page: records.RecordPage) {
    const { sql, did } = this.#active();
    return records.listRecords(sql, did, collection, page);
  }
  async recordsSince(rev: string) {
    return repo.recordsSince(this.#existing(), rev);
  }
  async irregularRecords() {
    return irregularRecords(this.#own());
  }
  async getLatestCommit(access: station.Access) {
    return repo.latestCommit(this.#existing(access).head);
  }
  async getRepoStatus() {
    return repo.repoStatus(this.#existing());
  }
  async getRepo(access: station.Access, since?: string) {
    return exportOf(() => this.#existing(access), since);
  }
  async getRecordProof(access: station.Access, collection: string, rkey: string) {
    return repo.recordProof(this.#existing(access), pathOf(collection, rkey));
  }
  async getBlocks(access: station.Access, cids: string[]) {
    return getBlocks(this.#existing(access), cids, access);
  }
  async rows() {
    return this.#sql.rows;
  }
  async counts() {
    return repo.repoCounts(this.#existing());
  }
  async sizes() {
    return blobs.sizesOf(this.#own().sql);
  }
  async revs(paths: string[]) {
    return records.revsOf(this.#existing().sql, paths);
  }
  async recordsAt(paths: string[]) {
    return records.recordsAt(this.#existing().sql, paths);
  }
  async backfill(cursor?: string) {
    return records.backfillPage(this.#existing(), cursor);
  }

  // -------------------------------------------------------------------------------------------- blobs
  async checkUpload() {
    const account = this.#own();
    checkNotTakendown(account.state);
    account.spendUpload();
    // Before the first byte, so that one that nobody registers is found.
    account.expectSweep();
  }
  async registerBlob(upload: station.BlobUpload) {
    const account = this.#own();
    checkNotTakendown(account.state);
    const registered = this.#sql.transaction(() => blobs.registerBlob(this.#sql, upload, Date.now()));
    account.expectSweep();
    return registered;
  }
  async getBlob(access: station.Access, cid: string) {
    return blobs.findKeptBlob(this.#existing(access).sql, cid);
  }
  async listBlobs(access: station.Access, page: Parameters<typeof blobs.listBlobs>[1]) {
    return blobs.listBlobs(this.#existing(access).sql, page);
  }
  async listMissingBlobs(page: Parameters<typeof blobs.listMissingBlobs>[1]) {
    return blobs.listMissingBlobs(this.#own(), page);
  }

  async putFile(key: string, body: ReadableStream<Uint8Array>, most: number) {
    return putFile(this.#own(), key, body, { most, now: () => this.#present() });
  }
  async getFile(key: string, range: ByteRange | null) {
    return this.#present()?.files.read(key, range) ?? null;
  }
  async dropFiles(keys: string[]) {
    dropFiles(this.#own().sql, keys);
  }
  async moveFiles(after: number) {
    return this.#own().files.move(after);
  }

  // -------------------------------------------------------------------------------------------- sessions
  async checkPassword(password: string, source: string | null) {
    return this.#own().checkPassword(password, source);
  }
  setPassword(password: string, code?: station.MailedCode) {
    return this.#privately(({ sessions }) => sessions.setPassword(password, code, Date.now()));
  }
  createAppPassword(name: string, privileged: boolean) {
    return this.#privately(({ sessions }) => sessions.createAppPassword(name, privileged, Date.now()));
  }
  async listAppPasswords() {
    return this.#own().sessions.listAppPasswords();
  }
  revokeAppPassword(name: string) {
    return this.#privately(({ sessions }) => sessions.revokeAppPassword(name));
  }
  async createRefreshToken(appPassword: station.AppPasswordProof) {
    return this.#own().sessions.createRefreshToken(appPassword, Date.now());
  }
  async rotateRefreshToken(id: string) {
    return this.#own().sessions.rotateRefreshToken(id, Date.now());
  }
  async revokeRefreshToken(id: string) {
    this.#own().sessions.revokeRefreshToken(id);
  }
  async revokeAllRefreshTokens() {
    this.#own().sessions.revokeAllRefreshTokens();
  }
  async createEmailToken(purpose: station.EmailTokenPurpose, address: string) {
    return this.#own().sessions.createEmailToken(purpose, address, Date.now());
  }
  async checkEmailToken(purpose: station.EmailTokenPurpose, code: station.MailedCode, keep = false) {
    this.#own().sessions.checkEmailToken(purpose, code, keep, Date.now());
  }

  // --------------------------------------------------------------------------------------- preferences, keys, backups
  async getPreferences(namespace: string, full: boolean) {
    return preferences.getPreferences(this.#own().sql, namespace, full, new Date());
  }
  putPreferences(...given: Parameters<station.AccountStation["putPreferences"]>) {
    return this.#privately(({ sql }) => preferences.putPreferences(sql, ...given));
  }
  async backup(since: string | null) {
    return backupOf(() => this.#existing(), since);
  }
  async backupPage(since: string | null, cursor: string) {
    return backupPage(this.#existing().sql, since, cursor);
  }
  async restoreKept(kept: KeptAccount, parts: KeptParts) {
    restoreKept(this.#own().sql, kept, parts);
  }
  async restoreRevs(at: string, revs: [path: string, rev: string][]) {
    return restoreRevs(this.#own().sql, at, revs);
  }
  async examine(cursor: string) {
    return examine(this.#own(), cursor);
  }
  async mendRepo() {
    return mendRepo(this.#own());
  }
  async clear() {
    if (this.#account !== null && storedHead(this.#sql) !== null)
      throw invalidRequest("The repo can be read");
    await this.ctx.storage.deleteAll();
    this.#account = this.#writer = this.#unreadable = null;
    this.#clock.rang();
  }
  async signingKey() {
    return didKey(this.#own().key);
  }
  async signServiceJwt(payload: station.JsonObject) {
    return signServiceJwt(payload, this.#own().key);
  }
  async exportKey() {
    return this.#own().key.slice();
  }

  // -------------------------------------------------------------------------------------------- lifecycle
  async create(wanted: station.CreateAccount): Promise<station.CreatedAccount> {
    const { at } = wanted;
    this.#present();
    if (this.#account !== null && this.#account.state.createdAt < at) await this.#makeRoom(this.#account);
    if (this.#account === null) await createIn(this.#sql, this.env, wanted, () => at > this.#endedUpTo);
    const account = this.#account ?? this.#open(new Account(this.#sql, this.env, this.#clock));
    if (account.state.createdAt !== at) throw repoExists();
    return { signingKey: didKey(account.key), commit: repo.latestCommit(account.head) };
  }
  /** Erases what an earlier sign-up left. An account that was ever announced stays. */
  async #makeRoom(account: Account): Promise<void> {
    if (account.state.announced && !account.state.destroying) throw repoExists();
    account.destroy();
    await this.#finishDestroy();
    if (this.#account !== null) throw stillEnding();
  }
  async settle(standing: station.Standing, order: station.Order) {
    if (this.#unreadable !== null) return this.#unreadable.note(standing, order);
    const account = this.#own();
    if (account.state.createdAt <= order.at) account.settle(standing, order.isNew);
  }
  async announceIdentity() {
    this.#own().announceIdentity();
  }
  async takedownRecord(path: string, ref: string | null) {
    takeDownEverywhere(this.#own().sql, path, ref);
  }
  async recordTakedown(path: string) {
    return recordTakedown(this.#own().sql, path);
  }
  async takedownBlob(cid: string, ref: string | null) {
    blobs.takedownBlob(this.#own().sql, cid, ref);
  }
  async blobTakedown(cid: string) {
    return blobs.blobTakedown(this.#own().sql, cid);
  }
  async destroy(upTo: number) {
    this.#endedUpTo = Math.max(this.#endedUpTo, upTo);
    if (this.#unreadable !== null && (await this.#unreadable.destroy(upTo))) this.#unreadable = null;
    if (this.#account === null || this.#account.state.createdAt > upTo) return;
    this.#account.destroy();
    this.ctx.waitUntil(this.#finishDestroy());
  }
  async pending() {
    return { unsent: this.#own().outbox.unsent, destroying: this.#own().state.destroying };
  }

  override async alarm() {
    this.#clock.rang();
    const account = this.#account;
    if (account === null) return;
    const next = await runTasks(account);
    if (next !== null) this.#clock.wakeAt(next);
    if (account.state.destroying) await this.#finishDestroy();
  }

  /**
   * Erases the storage once the deletion has been announced. Until then the alarm tries again. One run at a
   * time: a second one could erase the account that is made after the first.
   */
  #finishDestroy(): Promise<void> {
    this.#ending ??= this.#end().finally(() => (this.#ending = null));
    return this.#ending;
  }

  async #end(): Promise<void> {
    const account = this.#account;
    if (account === null) return;
    if (!(await finishDestroy(account))) return this.#clock.wakeAt(Date.now() + RETRY_MS);
    this.#account = this.#writer = null;
    this.#clock.rang();
  }
}
