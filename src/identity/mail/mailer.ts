/**
 * Sends mail. Mail is optional everywhere: a host without it still works, and says so where it would have
 * sent one.
 */
import type { Did } from "@atcute/lexicons";
import { logLine } from "../../protocol/log-line.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { MailLog } from "./log.ts";
import type { TextName } from "./texts.ts";

/** The purpose of a mail, as the log has it. */
export type MailKind = TextName | "reports" | "plan" | "outcome" | "letter" | "test" | "announcement";

export interface Mail {
  kind: MailKind;
  /** The member whom it goes to; absent: somebody else. */
  did?: Did;
  to: string;
  subject: string;
  text: string;
  html?: string;
}

export interface Mailer {
  /**
   * Reports whether the mail was accepted for delivery. Never throws, so a failed mail does not fail the
   * operation that sends it.
   */
  send(mail: Mail): Promise<"sent" | "not sent">;
}

/**
 * `MAIL` is the sender, `Name <address>` or a bare address; without it nothing is sent. Mail goes through
 * Resend if its key is in the environment, else through the `EMAIL` binding (Cloudflare's send_email). A
 * local run keeps all mail in its mailbox.
 */
type DeliveryBindings = Pick<Bindings, "MAIL" | "LOCAL" | "OUTSIDE" | "RESEND_API_KEY" | "EMAIL">;
export type MailBindings = DeliveryBindings & Pick<Bindings, "DIRECTORY">;

const TIMEOUT_MS = 10_000;

export function mailerOf(env: MailBindings): Mailer {
  const deliver = deliveryOf(env);
  return {
    async send({ kind, did, ...letter }) {
      const failure = deliver === null ? NO_WAY : await failureOf(deliver, letter);
      await note(env, { kind, ...(did === undefined ? {} : { did }) }, failure);
      return failure === null ? "sent" : "not sent";
    },
  };
}

/** The log's words where there is no sender, or no way to send. */
const NO_WAY = "no mail is set up";

/** Why a mail was not delivered; null if it was. */
async function failureOf(deliver: Delivery, letter: Letter): Promise<string | null> {
  try {
    await deliver(letter);
    return null;
  } catch (thrown) {
    // Never log the address or the text, which may hold a token.
    const reason = thrown instanceof MailFailure ? thrown.message : "failed";
    logLine("error", "mail", { outcome: "not sent", reason });
    return reason;
  }
}

/** A mail that went out did so, whatever becomes of its line. Announcements are counted elsewhere. */
async function note(
  env: MailBindings,
  mail: Pick<Mail, "kind" | "did">,
  failure: string | null,
): Promise<void> {
  if (mail.kind === "announcement" && failure === null) return;
  try {
    await new MailLog(env.DIRECTORY).note(mail, failure);
  } catch (error) {
    logLine("error", "mail", { message: "not noted", error });
  }
}

/** Whether the host has a way to send mail. */
export const canMail = (env: DeliveryBindings): boolean => deliveryOf(env) !== null;

/** An error whose message may be logged. */
class MailFailure extends Error {}

/** The part of a mail that is sent. */
type Letter = Omit<Mail, "kind" | "did">;
type Delivery = (mail: Letter) => Promise<void>;

function deliveryOf(env: DeliveryBindings): Delivery | null {
  const { OUTSIDE: outside, RESEND_API_KEY: resendKey, EMAIL: email, MAIL: from } = env;
  if (env.LOCAL === "1" && outside) return (mail) => deliverLocally(outside, mail);
  if (from === "") return null;
  if (resendKey) return (mail) => deliverByResend(resendKey, from, mail);
  if (email) {
    return async (mail) => {
      await email.send({ ...mail, from: senderOf(from) });
    };
  }
  return null;
}

async function deliverLocally(outside: NonNullable<Bindings["OUTSIDE"]>, mail: Letter): Promise<void> {
  const request = new Request("http://mail.local/mail", {
    method: "POST",
    body: JSON.stringify(mail),
  });
  const { ok } = await outside.fetch(request);
  if (!ok) throw new MailFailure("the local mailbox refused it");
}

/** https://resend.com/docs/api-reference/emails/send-email */
async function deliverByResend(key: string, from: string, mail: Letter): Promise<void> {
  const response = await fetch("https://api.resend.com/emails", {
    method: "POST",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ ...mail, from }),
  });
  await response.body?.cancel();
  if (!response.ok) throw new MailFailure(`Resend answered ${response.status}`);
}

/** Parses `Name <address>`. */
function senderOf(from: string): string | { name: string; email: string } {
  const parts = /^(.*?)\s*<([^<>]+)>$/.exec(from);
  return parts?.[1] && parts[2] ? { name: parts[1], email: parts[2] } : from;
}
