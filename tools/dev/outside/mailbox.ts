/** The mailbox of a local host: stores mail to be read over HTTP (`GET /mail?to=`) and never sends it. */
import { json } from "./answers.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT,
    sent_at TEXT NOT NULL
  );`;

/** How many mails are kept; older ones make room for newer ones. */
const KEPT = 1_000;
const MAIL_BYTES = 256 * 1024;

type MailRow = {
  id: number;
  recipient: string;
  subject: string;
  text: string;
  html: string | null;
  sent_at: string;
};

export class Mailbox {
  readonly #sql: SqlStorage;
  readonly #clock: () => number;

  constructor(sql: SqlStorage, clock: () => number = Date.now) {
    this.#sql = sql;
    this.#clock = clock;
    sql.exec(SCHEMA);
  }

  /**
   * POST {to, subject, text, html?} stores a mail. GET lists mail, newest first; DELETE deletes it. Both
   * apply to everybody's mail, or to that of `?to=`.
   */
  async fetch(request: Request): Promise<Response> {
    const to = new URL(request.url).searchParams.get("to")?.toLowerCase() ?? null;
    if (request.method === "POST") return this.#take(await request.text());
    if (request.method === "DELETE") {
      this.#sql.exec("DELETE FROM mail WHERE ?1 IS NULL OR recipient = ?1", to);
      return new Response(null, { status: 204 });
    }
    const rows = this.#sql
      .exec<MailRow>("SELECT * FROM mail WHERE ?1 IS NULL OR recipient = ?1 ORDER BY id DESC", to)
      .toArray();
    return json(
      rows.map(({ recipient, sent_at, html, ...row }) => ({
        ...row,
        to: recipient,
        ...(html === null ? {} : { html }),
        sentAt: sent_at,
      })),
    );
  }

  #take(body: string): Response {
    const mail = parseMail(body);
    if (mail === null) return json({ message: "Not a mail" }, 400);
    this.#sql.exec(
      "INSERT INTO mail (recipient, subject, text, html, sent_at) VALUES (?, ?, ?, ?, ?)",
      mail.to.toLowerCase(),
      mail.subject,
      mail.text,
      mail.html ?? null,
      new Date(this.#clock()).toISOString(),
    );
    this.#sql.exec("DELETE FROM mail WHERE id <= (SELECT max(id) FROM mail) - ?", KEPT);
    return new Response(null, { status: 204 });
  }
}

function parseMail(body: string): { to: string; subject: string; text: string; html?: string } | null {
  if (body.length > MAIL_BYTES) return null;
  try {
    const { to, subject, text, html } = JSON.parse(body) as Record<string, unknown>;
    if (typeof to !== "string" || typeof subject !== "string" || typeof text !== "string") {
      return null;
    }
    return { to, subject, text, ...(typeof html === "string" ? { html } : {}) };
  } catch {
    return null;
  }
}
