/** Looks where newer versions come from, and what the newest would change. */
import { LaunchError } from "../ports.ts";
import type { Clone } from "./git.ts";

/** A file of SQL that the newer version applies to what is stored. */
export interface Pending {
  /** The folder below migrations/: whose data it is. */
  store: string;
  name: string;
  /** Whether it goes through what is there, and so takes longer the more there is. */
  isLong: boolean;
}

export interface Newer {
  /** `v1.2.3`, or a branch if the remote has no versions. */
  name: string;
  commit: string;
  /** How many commits it is ahead. */
  commits: number;
  /** Its part of CHANGELOG.md that is new. */
  changes: string;
  pending: Pending[];
}

export interface Survey {
  remote: string;
  /** The commit that is here. */
  here: string;
  /** Null: nothing is newer. */
  newer: Newer | null;
}

const NO_CLONE =
  "This folder is no git clone, so it knows of no other version. Clone the project, put your wrangler.toml there, and deploy from there.";
const NO_REMOTE =
  "This clone has no remote, so it knows of no other version. Say where newer ones are: git remote add origin <address>";

/** Throws a `LaunchError` in words where nothing can be compared. */
export function survey(clone: Clone): Survey {
  clone.must(NO_CLONE, "rev-parse", "--git-dir");
  const here = clone.must("The clone has no commit yet.", "rev-parse", "HEAD");
  const remotes = clone.lines("remote");
  const remote = remotes.includes("origin") ? "origin" : remotes[0];
  if (remote === undefined) throw new LaunchError(NO_REMOTE);
  clone.must(
    `${remote} (${clone.ask("remote", "get-url", remote) ?? "no address"}) could not be reached. Nothing was changed.`,
    "fetch",
    "--quiet",
    "--tags",
    remote,
  );
  const target = newest(clone, remote);
  return { remote, here, newer: target === null ? null : newerOf(clone, target) };
}

/** The highest version, or where none is tagged, the remote's branch; null if it is all here. */
function newest(clone: Clone, remote: string): string | null {
  const tags = clone.lines("tag", "--list", "v*", "--sort=-version:refname");
  const version = tags.find((tag) => /^v\d+\.\d+\.\d+$/.test(tag));
  const branch = clone.ask("symbolic-ref", "--quiet", "--short", `refs/remotes/${remote}/HEAD`);
  const target = version ?? branch ?? clone.lines("branch", "--remotes", "--list", `${remote}/*`)[0]?.trim();
  if (target === undefined) return null;
  return clone.ask("merge-base", "--is-ancestor", target, "HEAD") === null ? target : null;
}

function newerOf(clone: Clone, name: string): Newer {
  const commit = clone.must(`${name} is gone.`, "rev-parse", `${name}^{commit}`);
  const files = clone.lines("diff", "--name-only", "--diff-filter=A", "HEAD", commit, "--", "migrations");
  return {
    name,
    commit,
    commits: Number(clone.ask("rev-list", "--count", `HEAD..${commit}`) ?? 0),
    changes: addedText(clone.fileAt("HEAD", "CHANGELOG.md"), clone.fileAt(commit, "CHANGELOG.md")),
    pending: files.map((file) => pendingOf(file, clone.fileAt(commit, file))),
  };
}

function pendingOf(file: string, sql: string): Pending {
  const [, store = "", name = ""] = file.split("/");
  return { store, name, isLong: isLong(sql) };
}

/** Whether SQL reads or writes rows that are there: new tables and columns do not. */
export function isLong(sql: string): boolean {
  const bare = sql.replace(/--.*$/gm, "");
  const made = new Set([...bare.matchAll(/CREATE (?:VIRTUAL )?TABLE (\w+)/gi)].map(([, table]) => table));
  const indexed = [...bare.matchAll(/CREATE (?:UNIQUE )?INDEX \w+\s+ON "?(\w+)"?/gi)].map(
    ([, table]) => table,
  );
  return (
    indexed.some((table) => !made.has(table)) ||
    /^\s*(UPDATE|DELETE)\b|INSERT INTO [^;]*\bSELECT\b/im.test(
      bare.replace(/CREATE TRIGGER[\s\S]*?END;/gi, ""),
    )
  );
}

/** Lines that only the newer text has. */
export function addedText(before: string, after: string): string {
  const known = new Set(before.split("\n").filter((line) => line.trim() !== ""));
  const lines = after.split("\n").filter((line) => !known.has(line));
  return lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
