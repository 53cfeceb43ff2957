/** The mail that hosts have sent. It is kept, never delivered. */
import { poll, type Wait } from "./waiting.ts";

export interface Mail {
  id: number;
  to: string;
  subject: string;
  text: string;
  html?: string;
  /** ISO 8601, by the host's clock. */
  sentAt: string;
  /** The code in the mail, such as `ABCDE-23456`; null if there is none. */
  code: string | null;
}

/** The format of `createEmailToken`: two groups of five. */
const CODE = /\b[A-Z2-7]{5}-[A-Z2-7]{5}\b/;

export class Mailbox {
  readonly #addresses: string[];
  readonly #to: string | null;

  /**
   * @internal `addresses`: URLs of the hosts' mailboxes; `to`: the recipient's address, null for all mail.
   */
  constructor(addresses: string[], to: string | null) {
    this.#addresses = addresses;
    this.#to = to;
  }

  /** All mail, oldest first. */
  async list(): Promise<Mail[]> {
    const found = await Promise.all(this.#addresses.map((address) => this.#read(address)));
    return found
      .flat()
      .toSorted((a, b) => (a.sentAt < b.sentAt ? -1 : a.sentAt > b.sentAt ? 1 : a.id - b.id));
  }

  /** The newest matching mail; waits for one if there is none. Rejects after `timeout` ms (5,000). */
  async next(predicate: (mail: Mail) => boolean = () => true, wait: Wait = {}): Promise<Mail> {
    let mails: Mail[] = [];
    const find = async () => {
      mails = await this.list();
      return mails.findLast(predicate);
    };
    return poll(find, wait, () => {
      const there = mails.map(({ to, subject }) => `  to ${to}: ${subject}`).join("\n");
      return `no such mail. What is there:\n${there || "  none"}`;
    });
  }

  /** Deletes the mail. */
  async clear(): Promise<void> {
    await Promise.all(this.#addresses.map((address) => fetch(this.#url(address), { method: "DELETE" })));
  }

  #url(address: string): string {
    return this.#to === null ? address : `${address}?to=${encodeURIComponent(this.#to)}`;
  }

  async #read(address: string): Promise<Mail[]> {
    const response = await fetch(this.#url(address));
    const mails = (await response.json()) as Omit<Mail, "code">[];
    return mails.map((mail) => ({ ...mail, code: CODE.exec(mail.text)?.[0] ?? null }));
  }
}
