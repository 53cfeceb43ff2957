/** Posted forms, and the messages for what is wrong with them. */
import { readText } from "../protocol/body.ts";
import { isRefusal } from "../protocol/refusal.ts";
import { visibleText } from "../protocol/visible-text.ts";

export type Fields = ReadonlyMap<string, string>;

const FORM_MAX = 32 * 1024;

/** The fields of a posted form, each once. Null if the body is no form, or too long to be one of ours. */
export async function readForm(request: Request): Promise<Fields | null> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") return null;
  const text = await readText(request, FORM_MAX);
  return text === null ? null : new Map(new URLSearchParams(text));
}

/** A field of one line, as its sender sees it; empty if it is missing. */
export const lineOf = (fields: Fields, name: string): string => visibleText(fields.get(name) ?? "");

/** Messages by error name, where the XRPC message is written for programs. */
const WORDS: Record<string, string> = {
  AuthenticationRequired: "That handle and password do not belong together.",
  AppPasswordRefused: "Please use the password of your account, not an app password.",
  AccountTakedown: "This account was taken down by the moderators.",
  RateLimitExceeded: "Too many attempts. Please wait a few minutes.",
  InvalidInviteCode: "This invite code is not valid, or was used up.",
  HandleNotAvailable: "This handle is taken.",
  UnsupportedDomain: "Handles of this domain are not given out here.",
  ExpiredToken: "This code is too old. Please ask for a new one.",
  InvalidToken: "This code is not right.",
  UpstreamFailure: "A service this needs cannot be reached right now. Please try again.",
};

/** The message for a person. Rethrows anything but a refusal, since that is a bug of ours. */
export function problemOf(thrown: unknown): string {
  if (!isRefusal(thrown)) throw thrown;
  const { error, message, status } = thrown;
  if (status >= 500 && WORDS[error] === undefined) throw thrown;
  if (/^(Handle|Email) already taken/.test(message)) {
    return message.startsWith("Handle")
      ? "This handle is taken."
      : "This e-mail address has an account already.";
  }
  return WORDS[error] ?? `${message.replace(/\.$/, "")}.`;
}
