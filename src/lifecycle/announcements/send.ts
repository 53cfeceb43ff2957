/**
 * Sends announcements by mail, some in each turn of the schedule. Before each mail, the place moves past its
 * reader, in a statement that only one of two turns at once can make: a Worker that dies in between leaves one
 * member without the mail, and nobody gets it twice.
 */
import type { Did } from "@atcute/lexicons";
import { type MailBindings, type Mailer, mailerOf } from "../../identity/mail/mailer.ts";
import { type SecretBindings, hostSecret } from "../../identity/secrets.ts";
import { derivedKey, macOf, sameSecret } from "../../oauth/digest.ts";
import type { Settings } from "../../protocol/settings/list.ts";
import { type Announcement, READERS } from "./announcements.ts";

type SendingBindings = MailBindings &
  SecretBindings &
  Pick<Settings, "PUBLIC_URL" | "HOST_NAME" | "MAIL_LANGUAGE" | "PLAN">;

/** Mails in a turn, of which there is one a minute. Each is a request and a query. */
const AT_ONCE: Record<Settings["PLAN"], number> = { free: 15, paid: 60 };
/** Failures one after the other that say that no mail goes out, whoever it is for. */
const IN_A_ROW = 3;
/** Turns that may end so, before those mails are given up. */
const PATIENCE = 60;

interface Reader {
  did: Did;
  email: string;
}

/** For the Worker's schedule: may be called as often as one likes. Returns whether one is under way. */
export async function sendAnnouncements(
  env: SendingBindings,
  mailer: Mailer = mailerOf(env),
): Promise<boolean> {
  const database = env.DIRECTORY;
  const running = await database
    .prepare("SELECT * FROM announcement WHERE after IS NOT NULL ORDER BY id LIMIT 1")
    .first<Announcement>();
  if (running === null) return false;
  const most = AT_ONCE[env.PLAN];
  const { results } = await database
    .prepare(`SELECT a.did, a.email FROM account a WHERE ${READERS} ORDER BY a.did LIMIT ?3`)
    .bind(running.after, running.at, most)
    .all<Reader>();
  const turn = new Turn(database, running);
  for (const reader of results) {
    if (!(await turn.claim(reader.did))) return true;
    const outcome = await mailer.send(await mailFor(env, running, reader));
    if (outcome === "sent") await turn.passed();
    else if (await turn.isHopeless()) return true;
  }
  await turn.end(results.length < most);
  return true;
}

/** How far a turn is. */
class Turn {
  readonly #database: D1Database;
  readonly #id: number;
  #after: string;
  #tries: number;
  /** Failures since the last mail that went out, and the place before the first of them. */
  #failed = 0;
  #before: string;

  constructor(database: D1Database, { id, after, tries }: Announcement) {
    this.#database = database;
    this.#id = id;
    this.#after = after ?? "";
    this.#before = this.#after;
    this.#tries = tries;
  }

  /** Moves the place past a reader. False if it is no longer where this turn left it. */
  async claim(did: Did): Promise<boolean> {
    const moved = await this.#change("after = ?3, sent = sent + 1", did);
    this.#after = did;
    return moved;
  }

  async passed(): Promise<void> {
    if (this.#failed > 0 || this.#tries > 0) {
      await this.#change(`sent = sent - ?3, failed = failed + ?3, tries = 0`, this.#failed);
    }
    this.#failed = 0;
    this.#tries = 0;
    this.#before = this.#after;
  }

  /** Counts a failure. True if it is one of several: then the next turn begins with the first of them. */
  async isHopeless(): Promise<boolean> {
    this.#failed += 1;
    if (this.#failed < IN_A_ROW) return false;
    if (this.#tries >= PATIENCE) {
      await this.passed();
      return false;
    }
    await this.#change(`sent = sent - ${this.#failed}, after = ?3, tries = tries + 1`, this.#before);
    return true;
  }

  async end(isLast: boolean): Promise<void> {
    await this.passed();
    if (isLast) await this.#change("after = ?3", null);
  }

  async #change(set: string, value: string | number | null): Promise<boolean> {
    const { meta } = await this.#database
      .prepare(`UPDATE announcement SET ${set} WHERE id = ?1 AND after = ?2`)
      .bind(this.#id, this.#after, value)
      .run();
    return meta.changes > 0;
  }
}

const WHY = {
  en: (community: string, link: string) =>
    `You get this as a member of ${community}. No more announcements by mail: ${link}`,
  de: (community: string, link: string) =>
    `Du bekommst das als Mitglied von ${community}. Keine Ankündigungen mehr per Mail: ${link}`,
};

async function mailFor(env: SendingBindings, { subject, text }: Announcement, { did, email }: Reader) {
  const community = env.HOST_NAME || (URL.parse(env.PUBLIC_URL)?.hostname ?? "");
  const query = new URLSearchParams({ did, key: await quietKey(env, did) }).toString();
  const why = WHY[env.MAIL_LANGUAGE](community, `${env.PUBLIC_URL}/account/announcements?${query}`);
  return { kind: "announcement", did, to: email, subject, text: `${text}\n\n-- \n${why}\n` } as const;
}

/** The key in the link of a mail, which proves that it was sent to that member. */
async function quietKey(env: SecretBindings, did: Did): Promise<string> {
  const secret = await hostSecret(env, "JWT_SECRET");
  return macOf(derivedKey(secret, "announcements"), did).slice(0, 22);
}

export const isQuietKey = async (env: SecretBindings, did: Did, key: string): Promise<boolean> =>
  sameSecret(key, await quietKey(env, did));
