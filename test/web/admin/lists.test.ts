/** Every list of the admin's pages: page by page over what came at the same instant, each once; and odd addresses. */
import { beforeAll, expect, test } from "vitest";
import { bindings } from "../../support/account-host.ts";
import { type Holder, holderOf } from "./desk.ts";

const COUNT = 210;
const AT = "2026-06-01T00:00:00.000Z";

let owner: Holder;
beforeAll(async () => {
  owner = await holderOf("owner");
});

const numbered = (n: number) => String(n).padStart(3, "0");
const didOf = (n: number) => `did:plc:t${String(n).padStart(23, "0")}`;

/** Rows into a table, all of the same instant: `?2`. */
const plant = (into: string, columns: string, from: (n: number) => (string | number | null)[]) =>
  bindings.DIRECTORY.prepare(`INSERT INTO ${into} SELECT ${columns} FROM json_each(?1) WHERE ?2 IS NOT NULL`)
    .bind(JSON.stringify(Array.from({ length: COUNT }, (_, n) => from(n))), AT)
    .run();

const LISTS: Record<string, { plant: () => Promise<unknown>; found: RegExp; clean: string }> = {
  "/admin/members": {
    plant: () =>
      plant("account (did, handle, state, created_at)", "value ->> 0, value ->> 1, 'active', ?2", (n) => [
        didOf(n),
        `tie${numbered(n)}.test`,
      ]),
    found: /@(tie\d{3})\.test<\/b>/g,
    clean: "DELETE FROM account WHERE handle LIKE 'tie%'",
  },
  "/admin/members?show=suspended": {
    plant: () =>
      plant(
        "account (did, handle, state, takedown, created_at)",
        "value ->> 0, value ->> 1, 'active', 'suspended', ?2",
        (n) => [didOf(n), `tie${numbered(n)}.test`],
      ),
    found: /@(tie\d{3})\.test<\/b>/g,
    clean: "DELETE FROM account WHERE handle LIKE 'tie%'",
  },
  "/admin/members?show=in": {
    plant: () =>
      plant(
        "account (did, handle, state, created_at, deactivated_at)",
        "value ->> 0, value ->> 1, 'deactivated', ?2, ?2",
        (n) => [didOf(n), `tie${numbered(n)}.test`],
      ),
    found: /@(tie\d{3})\.test<\/b>/g,
    clean: "DELETE FROM account WHERE handle LIKE 'tie%'",
  },
  "/admin/members?show=out": {
    plant: () =>
      plant(
        "account (did, handle, state, created_at, deactivated_at)",
        "value ->> 0, value ->> 1, 'deactivated', ?2, '2026-07-01'",
        (n) => [didOf(n), `tie${numbered(n)}.test`],
      ),
    found: /@(tie\d{3})\.test<\/b>/g,
    clean: "DELETE FROM account WHERE handle LIKE 'tie%'",
  },
  "/admin/invites": {
    plant: () =>
      plant(
        "invite_code (code, available_uses, for_account, created_by, created_at)",
        "value ->> 0, 1, 'admin', 'admin', ?2",
        (n) => [`tie-${numbered(n)}`],
      ),
    found: /href="\/admin\/invites\/(tie-\d{3})"/g,
    clean: "DELETE FROM invite_code WHERE code LIKE 'tie-%'",
  },
  "/admin/invites/tie": {
    plant: async () => {
      await bindings.DIRECTORY.prepare(
        "INSERT INTO invite_code (code, available_uses, for_account, created_by, created_at) VALUES ('tie', 999, 'admin', 'admin', ?1)",
      )
        .bind(AT)
        .run();
      await plant(
        "account (did, handle, state, created_at)",
        "value ->> 0, value ->> 1, 'active', ?2",
        (n) => [didOf(n), `tie${numbered(n)}.test`],
      );
      await plant("invite_use (code, used_by, used_at)", "'tie', value ->> 0, ?2", (n) => [didOf(n)]);
    },
    found: /@(tie\d{3})\.test</g,
    clean:
      "DELETE FROM account WHERE handle LIKE 'tie%'; DELETE FROM invite_code WHERE code = 'tie'; DELETE FROM invite_use WHERE code = 'tie'",
  },
  "/admin/requests": {
    plant: () =>
      plant(
        "join_request (key_digest, handle, email, reason, state, asked_at, ends_at)",
        "value ->> 0, value ->> 0, value ->> 0, 'why', 'waiting', ?2, '2999'",
        (n) => [`tie${numbered(n)}`],
      ),
    found: /<h2[^>]*>@(tie\d{3})</g,
    clean: "DELETE FROM join_request",
  },
  "/admin/archives": {
    plant: () =>
      plant(
        "archive (did, made_at, handle, key, until, actor, rev, bytes, cid, files, file_bytes)",
        "'did:plc:tie', value ->> 0, value ->> 1, value ->> 1, '2999', 'admin', '3', 1, 'x', 0, 0",
        (n) => [n, `tie${numbered(n)}.test`],
      ),
    found: /<h2>@(tie\d{3})\.test</g,
    clean: "DELETE FROM archive",
  },
  "/admin/links": {
    plant: () =>
      plant("blocked_link (domain, blocked_by, blocked_at)", "value ->> 0, 'admin', ?2", (n) => [
        `tie${numbered(n)}.example`,
      ]),
    found: /<b>(tie\d{3})\.example<\/b>/g,
    clean: "DELETE FROM blocked_link",
  },
  "/admin/names": {
    plant: () =>
      plant("reserved_name (name, reserved_by, reserved_at)", "value ->> 0, 'admin', ?2", (n) => [
        `tie${numbered(n)}`,
      ]),
    found: /<b>(tie\d{3})<\/b>/g,
    clean: "DELETE FROM reserved_name",
  },
  "/admin/announcements": {
    plant: () =>
      plant("announcement (at, by, subject, text, total)", "?2, 'admin', value ->> 0, 'text', 0", (n) => [
        `tie${numbered(n)}`,
      ]),
    found: /<h3>(tie\d{3})<\/h3>/g,
    clean: "DELETE FROM announcement",
  },
  "/admin/mail": {
    plant: async () => {
      await plant(
        "account (did, handle, state, created_at)",
        "value ->> 0, value ->> 1, 'active', ?2",
        (n) => [didOf(n), `tie${numbered(n)}.test`],
      );
      await plant("mail_log (at, kind, did)", "?2, 'test', value ->> 0", (n) => [didOf(n)]);
    },
    found: /to @(tie\d{3})\.test/g,
    clean: "DELETE FROM mail_log; DELETE FROM account WHERE handle LIKE 'tie%'",
  },
  "/admin/log": {
    plant: () =>
      plant("audit_log (at, actor, action)", "?2, 'admin', value ->> 0", (n) => [`tie${numbered(n)}`]),
    found: /(tie\d{3})/gi,
    clean: "DELETE FROM audit_log WHERE action LIKE 'tie%'",
  },
};

const nextIn = (html: string, path: string): string | null => {
  const [pathname = ""] = path.split("?");
  const found = [...html.matchAll(/href="([^"]*[?&;](?:after|before)=[^"]*)"/g)]
    .map(([, href = ""]) => href.replaceAll("&amp;", "&"))
    .find((href) => href.startsWith(`${pathname}?`));
  return found ?? null;
};

test.each(Object.entries(LISTS))(
  "%s has each once, page by page",
  async (path, { plant: make, found, clean }) => {
    const empty = clean.split("; ").map((sql) => bindings.DIRECTORY.prepare(sql));
    await bindings.DIRECTORY.batch(empty);
    await make();
    const seen: string[] = [];
    let at: string | null = path;
    for (let pages = 0; at !== null && pages < 60; pages++) {
      const { html, status } = await owner.visitor.get(at);
      expect(status).toBe(200);
      seen.push(...[...html.matchAll(found)].map(([, name = ""]) => name.toLowerCase()));
      at = nextIn(html, path);
    }
    expect(at).toBeNull();
    expect(new Set(seen).size).toBe(COUNT);
    expect(seen).toHaveLength(COUNT);
    await bindings.DIRECTORY.batch(empty);
  },
);

test.each(Object.keys(LISTS).filter((path) => path !== "/admin/invites/tie"))(
  "%s answers an odd place in words, and never fails",
  async (path) => {
    const sign = path.includes("?") ? "&" : "?";
    for (const name of ["after", "before"]) {
      for (const place of [
        "x",
        "::",
        "~",
        "-1",
        "1.5",
        "1e999",
        "9".repeat(40),
        "a::b::c",
        "%00",
        "\u{1f98a}",
      ]) {
        const { status } = await owner.visitor.get(`${path}${sign}${name}=${encodeURIComponent(place)}`);
        expect([path, name, place, [200, 400].includes(status)]).toEqual([path, name, place, true]);
      }
    }
  },
);
