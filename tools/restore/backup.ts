/** Reads a backup, and trusts nothing of it: digests, commits' signatures, trees, records, revs. */
import { createHash } from "node:crypto";
import {
  type AccountEntry,
  type AccountLine,
  type BlobLine,
  FORMAT,
  type Manifest,
  RUNS,
  type RevLine,
  type Secrets,
  type StoredFile,
  manifestKey,
  partKey,
  sealedAccount,
  sealedColumn,
} from "../../src/lifecycle/backup/format.ts";
import { KEPT_TABLES } from "../../src/lifecycle/backup/tables.ts";
import { readCar, writeCar } from "../../src/protocol/car.ts";
import { encode } from "../../src/protocol/cbor.ts";
import { cidFromBytes } from "../../src/protocol/cid.ts";
import { decodeCommit } from "../../src/protocol/commit.ts";
import { didKey, verify } from "../../src/protocol/keys.ts";
import { readMst } from "../../src/protocol/mst/build.ts";
import { LaunchError } from "../dev/ports.ts";
import type { OwnerKey } from "./owner-key.ts";
import type { Source } from "./source.ts";

/** Something in the backup is not as it should be. */
export class Damaged extends Error {
  override name = "Damaged";
}

export type Row = Record<string, unknown>;

/** An account of a backup, read and checked. */
export interface KeptAccount {
  entry: AccountEntry;
  preferences: AccountLine["account"]["preferences"];
  secrets: Secrets;
  /** The repo, with every block that its newest commit needs and no other. */
  car: Uint8Array;
  records: number;
  revs: RevLine["rev"][];
  blobs: BlobLine["blob"][];
}

export class Backup {
  readonly source: Source;
  readonly manifest: Manifest;
  readonly #owner: OwnerKey;

  private constructor(source: Source, manifest: Manifest, owner: OwnerKey) {
    this.source = source;
    this.manifest = manifest;
    this.#owner = owner;
  }

  /** Runs that are whole, the oldest first. */
  static async runs(source: Source): Promise<string[]> {
    const keys = await source.list(RUNS);
    return keys.flatMap((key) => /^runs\/(\w+)\/manifest\.json$/.exec(key)?.[1] ?? []);
  }

  /**
   * Opens the last run, or the last one that began by the end of a day (UTC).
   * @param day `YYYY-MM-DD`, or the id of a run
   */
  static async open(source: Source, owner: OwnerKey, day: string | undefined): Promise<Backup> {
    const runs = await Backup.runs(source);
    const upTo = day === undefined ? "Z" : `${day.replaceAll("-", "")}${day.includes("T") ? "" : "T~"}`;
    const run = runs.findLast((each) => each <= upTo);
    if (run === undefined) {
      const there = runs.length === 0 ? "There is none." : `The first is ${runs[0]}.`;
      throw new LaunchError(`${source.name} has no backup${day === undefined ? "" : ` of ${day}`}. ${there}`);
    }
    const bytes = await source.get(manifestKey(run));
    const manifest = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array())) as Manifest;
    const format: number = manifest.format;
    if (format !== FORMAT) {
      throw new LaunchError(`The backup has format ${format}; this version reads ${FORMAT}.`);
    }
    if (manifest.key !== owner.publicKey) {
      throw new LaunchError("The backup was sealed for another key than this one.");
    }
    return new Backup(source, manifest, owner);
  }

  async read(file: StoredFile): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let part = 1; part <= file.parts; part++) {
      const bytes = await this.source.get(partKey(file.key, part));
      if (bytes === null) throw new Damaged(`${partKey(file.key, part)} is missing`);
      parts.push(bytes);
    }
    const whole = Buffer.concat(parts);
    const digest = createHash("sha256").update(whole).digest("hex");
    if (digest !== file.sha256) throw new Damaged(`${file.key} is damaged`);
    return whole;
  }

  async *#lines<T>(files: readonly StoredFile[]): AsyncGenerator<T> {
    for (const file of files) {
      const text = (await this.read(file)).toString("utf8");
      for (const line of text.split("\n")) if (line !== "") yield JSON.parse(line) as T;
    }
  }

  accounts(): AsyncGenerator<AccountEntry> {
    return this.#lines<AccountEntry>(this.manifest.accounts.files);
  }

  /** Rows of a table, their secrets opened. */
  async *rows(table: string): AsyncGenerator<Row> {
    const files = this.manifest.tables.find((each) => each.table === table)?.files ?? [];
    const { key = [] } = KEPT_TABLES[table] ?? {};
    for await (const row of this.#lines<Row>(files)) {
      const opened: Row = { ...row };
      for (const [column, value] of Object.entries(row)) {
        if (typeof value !== "object" || value === null || !("sealed" in value)) continue;
        const context = sealedColumn(table, column, key.map((each) => row[each]).join(" "));
        opened[column] = await this.#open(String(value.sealed), context);
      }
      yield opened;
    }
  }

  async #open(sealed: string, context: string): Promise<string> {
    try {
      return await this.#owner.open(sealed, context);
    } catch (cause) {
      throw new Damaged(`What is sealed as "${context}" does not open`, { cause });
    }
  }

  /** Reads and checks an account. Throws `Damaged`. */
  async account(entry: AccountEntry): Promise<KeptAccount> {
    const { did, visits } = entry;
    const revs = new Map<string, string>();
    const blobs = new Map<string, BlobLine["blob"]>();
    let last: AccountLine | null = null;
    type Line = AccountLine | BlobLine | RevLine;
    for await (const line of this.#lines<Line>(visits.map(({ list }) => list))) {
      if ("account" in line) last = line;
      else if ("blob" in line) blobs.set(line.blob.cid, line.blob);
      else revs.set(...line.rev);
    }
    if (last === null || last.account.did !== did)
      throw new Damaged(`${did}: its list is of another account`);
    const secrets = JSON.parse(await this.#open(last.sealed, sealedAccount(did))) as Secrets;
    const { car, paths } = await this.#repo(entry, secrets.signingKey);
    const there = [...revs].filter(([path, rev]) => paths.has(path) && rev <= entry.rev);
    return {
      entry,
      secrets,
      preferences: last.account.preferences,
      car,
      records: paths.size,
      revs: there,
      blobs: [...blobs.values()],
    };
  }

  /** Joins the archives of all visits, and checks the repo of the last one. */
  async #repo({ did, rev, visits }: AccountEntry, signingKey: string) {
    const blocks = new Map<string, Uint8Array>();
    let root = "";
    for (const { car } of visits) {
      if (car === null) continue;
      const read = readCar(await this.read(car));
      root = read.roots[0] ?? root;
      for (const [cid, bytes] of read.blocks) blocks.set(cid, bytes);
    }
    const block = (cid: string, what: string): Uint8Array => {
      const bytes = blocks.get(cid);
      if (bytes === undefined) throw new Damaged(`${did}: the archive lacks ${what}`);
      return bytes;
    };
    const bytes = block(root, "its commit");
    const { sig, data, ...commit } = decodeCommit(bytes);
    if (commit.did !== did) throw new Damaged(`${did}: the commit is of ${commit.did}`);
    if (commit.rev !== rev) throw new Damaged(`${did}: the commit is of ${commit.rev}, not of ${rev}`);
    const key = didKey(new Uint8Array(Buffer.from(signingKey, "hex")));
    const unsigned = encode({ ...commit, data: { $link: data }, prev: linkOrNull(commit.prev) });
    if (!(await verify(key, unsigned, sig))) throw new Damaged(`${did}: the commit is not signed by its key`);
    const needed = new Map([[root, bytes]]);
    const paths = new Set<string>();
    const node = (cid: string) => {
      needed.set(cid, block(cid, "a node of its tree"));
      return blocks.get(cid);
    };
    for (const [path, cid] of readMst(data, node)) {
      const name = cidFromBytes(cid);
      needed.set(name, block(name, `the record ${path}`));
      paths.add(path);
    }
    const car = writeCar(
      [root],
      [...needed].map(([cid, each]) => ({ cid, bytes: each })),
    );
    return { car, paths };
  }
}

const linkOrNull = (cid: string | null) => (cid === null ? null : { $link: cid });
