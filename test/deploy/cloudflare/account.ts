/** One account of Cloudflare's, as the stand-in of its API keeps it. */
import { randomBytes, randomUUID } from "node:crypto";
import type { Upload, UploadedBinding } from "./upload.ts";

/** What a token may do in an account. */
export type Right = "d1" | "r2" | "scripts";

export interface Database {
  uuid: string;
  name: string;
  primary_location_hint: string | null;
  jurisdiction: string | null;
}

export interface Bucket {
  name: string;
  jurisdiction: string | null;
}

/** A Worker as it serves. */
export interface Worker {
  tag: string;
  upload: Upload;
  /** All that is bound: what the last upload declares, and what it keeps of the one before. */
  bindings: UploadedBinding[];
  versions: string[];
  crons: string[];
  isOnWorkersDev: boolean;
}

export interface AccountOptions {
  name?: string;
  /** The account's name below workers.dev; null: it has none yet. */
  subdomain?: string | null;
  rights?: readonly Right[];
  /** Whether the owner has enabled R2, which asks for a card. */
  hasR2?: boolean;
}

export class Account {
  readonly id = randomBytes(16).toString("hex");
  readonly name: string;
  subdomain: string | null;
  rights: ReadonlySet<Right>;
  hasR2: boolean;
  readonly databases: Database[] = [];
  readonly buckets: Bucket[] = [];
  readonly workers = new Map<string, Worker>();

  constructor({
    name = "Acme",
    subdomain = "acme",
    rights = ["d1", "r2", "scripts"],
    hasR2 = true,
  }: AccountOptions = {}) {
    this.name = name;
    this.subdomain = subdomain;
    this.rights = new Set(rights);
    this.hasR2 = hasR2;
  }

  /** A database by its name or id, as the API takes either. */
  database(nameOrId: string): Database | undefined {
    return this.databases.find(({ name, uuid }) => name === nameOrId || uuid === nameOrId);
  }

  addDatabase(name: string, where: Partial<Database> = {}): Database {
    const made = { uuid: randomUUID(), name, primary_location_hint: null, jurisdiction: null, ...where };
    this.databases.push(made);
    return made;
  }

  bucket(name: string, jurisdiction: string | null): Bucket | undefined {
    return this.buckets.find((bucket) => bucket.name === name && bucket.jurisdiction === jurisdiction);
  }
}
