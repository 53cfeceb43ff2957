/** `npm run update`, on clones that git makes: what it says, what it takes, and what it leaves alone. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { apply } from "../../tools/dev/update/apply.ts";
import { Clone } from "../../tools/dev/update/git.ts";
import { addedText, isLong, survey } from "../../tools/dev/update/survey.ts";
import { inWords } from "../../tools/dev/update/words.ts";
import { VERSION } from "../../src/lifecycle/host/version.ts";
import { ROOT } from "../../tools/dev/wrangler-file.ts";

let folder = "";
const at = (...names: string[]) => path.join(folder, ...names);

const git = (where: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.com", ...args], {
    cwd: at(where),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

function commit(where: string, files: Record<string, string>, tag?: string): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(at(where, name)), { recursive: true });
    writeFileSync(at(where, name), text);
  }
  git(where, "add", "-A");
  git(where, "commit", "--quiet", "-m", "work");
  if (tag !== undefined) git(where, "tag", tag);
}

const FIRST = {
  "CHANGELOG.md": "# Changes\n\n## 0.1.0\n\n- The first.\n",
  "wrangler.toml": 'name = "atoll"\n\n[vars]\n',
  "migrations/directory/0001_init.sql": "CREATE TABLE a (x);",
};

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "atoll-update-"));
  mkdirSync(at("theirs"));
  git("theirs", "init", "--quiet", "--initial-branch=main");
  commit("theirs", FIRST, "v0.1.0");
  git("", "clone", "--quiet", at("theirs"), at("mine"));
  git("mine", "config", "user.name", "B");
  git("mine", "config", "user.email", "b@example.com");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const mine = () => new Clone(at("mine"));
const read = (name: string) => readFileSync(at("mine", name), "utf8");

describe("where there is nothing to compare with, it says so", () => {
  test("in a folder that is no clone", () => {
    mkdirSync(at("plain"));
    expect(() => survey(new Clone(at("plain")))).toThrow("is no git clone");
  });

  test("in a clone without a remote", () => {
    git("mine", "remote", "remove", "origin");
    expect(() => survey(mine())).toThrow("has no remote");
  });

  test("when the remote is away", () => {
    rmSync(at("theirs"), { recursive: true });
    expect(() => survey(mine())).toThrow("could not be reached. Nothing was changed.");
  });
});

test("the newest is the newest, also with commits that are one's own", () => {
  expect(inWords(survey(mine()))).toMatch(/^This is the newest version that origin has \(\w{7}\)\.$/);
  commit("mine", { "notes.txt": "ours" });
  expect(survey(mine()).newer).toBeNull();
});

test("a version is newer: what changed, what it migrates and how long, and back", () => {
  commit("theirs", { "half.txt": "not a version yet" });
  expect(survey(mine()).newer).toBeNull();
  commit(
    "theirs",
    {
      "CHANGELOG.md": "# Changes\n\n## 0.2.0\n\n- Lists.\n\n## 0.1.0\n\n- The first.\n",
      "migrations/directory/0002_more.sql": "-- UPDATE nothing\nALTER TABLE a ADD COLUMN y;",
      "migrations/appview/0002_index.sql": "CREATE INDEX post_day ON post (day);",
    },
    "v0.2.0",
  );
  commit("theirs", { "half.txt": "after it" });
  git("theirs", "tag", "v0.10.0-rc", "v0.1.0");
  const found = survey(mine());
  expect(found.newer).toMatchObject({
    name: "v0.2.0",
    commits: 2,
    changes: "## 0.2.0\n\n- Lists.",
    pending: [
      { store: "appview", name: "0002_index.sql", isLong: true },
      { store: "directory", name: "0002_more.sql", isLong: false },
    ],
  });
  const words = inWords(found);
  expect(words).toContain("v0.2.0 is newer, by 2 commits.");
  expect(words).toContain("the index: 0002; it goes through what is there");
  expect(words).toContain("the directory: 0002; at once");
  expect(words).toContain(`git reset --keep ${found.here.slice(0, 7)}`);
  expect(words).toContain("refuses the newer data");
});

test("where no version is tagged, the remote's branch counts", () => {
  git("theirs", "tag", "--delete", "v0.1.0");
  git("mine", "tag", "--delete", "v0.1.0");
  expect(survey(mine()).newer).toBeNull();
  commit("theirs", { "one.txt": "more" });
  const found = survey(mine());
  expect(found.newer).toMatchObject({ name: "origin/main", commits: 1, pending: [] });
  expect(inWords(found)).toContain("What is migrated: nothing");
});

describe("taking it", () => {
  test("keeps what was changed here", () => {
    writeFileSync(
      at("mine", "wrangler.toml"),
      `${FIRST["wrangler.toml"]}PUBLIC_URL = "https://me.example"\n`,
    );
    commit("theirs", { "new.txt": "new", "CHANGELOG.md": "# Changes\n\n## 0.2.0\n" }, "v0.2.0");
    const { newer } = survey(mine());
    if (newer === null) throw new Error("nothing is newer");
    apply(mine(), newer);
    expect(read("new.txt")).toBe("new");
    expect(read("wrangler.toml")).toContain("https://me.example");
    expect(survey(mine()).newer).toBeNull();
  });

  test.each<[string, boolean]>([
    ["uncommitted", false],
    ["committed", true],
  ])("changes nothing if both changed the same lines (%s)", (_, isCommitted) => {
    const ours = FIRST["wrangler.toml"].replace("atoll", "reef");
    if (isCommitted) commit("mine", { "wrangler.toml": ours });
    else writeFileSync(at("mine", "wrangler.toml"), ours);
    commit("theirs", { "wrangler.toml": FIRST["wrangler.toml"].replace("atoll", "lagoon") }, "v0.2.0");
    const before = git("mine", "rev-parse", "HEAD");
    const { newer } = survey(mine());
    if (newer === null) throw new Error("nothing is newer");
    expect(() => apply(mine(), newer)).toThrow("Nothing was changed");
    expect(git("mine", "rev-parse", "HEAD")).toBe(before);
    expect(read("wrangler.toml")).toBe(ours);
    expect(git("mine", "status", "--porcelain")).toBe(isCommitted ? "" : " M wrangler.toml\n");
  });
});

test.each<[string, boolean]>([
  ["CREATE TABLE a (x); CREATE INDEX a_x ON a (x);", false],
  ["ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 0;", false],
  ["CREATE TABLE a (x); CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET n = n + 1; END;", false],
  ["CREATE INDEX b_x ON b (x);", true],
  ["UPDATE a SET x = 1;", true],
  ["CREATE TABLE n (x); INSERT INTO n SELECT x FROM a; DROP TABLE a;", true],
])("%s goes through what is there: %s", (sql, is) => {
  expect(isLong(sql)).toBe(is);
});

test("of two texts, what only the newer has", () => {
  expect(addedText("a\n\nb\n", "a\n\nnew\n\n\n\nmore\n\nb\n")).toBe("new\n\nmore");
});

test("CHANGELOG.md has the package's version, or what is not released", () => {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
    version: string;
  };
  expect(VERSION).toBe(version);
  const [newest] = /^## .*$/m.exec(readFileSync(path.join(ROOT, "CHANGELOG.md"), "utf8")) ?? [""];
  expect(newest).toMatch(new RegExp(`^## (Not released|${version.replaceAll(".", "\\.")})`));
});
