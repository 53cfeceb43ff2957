/** Puts the problems of forms in words for people. Refusals are written for programs. */
import { logLine } from "../protocol/log-line.ts";
import { type RefusalShape, isRefusal } from "../protocol/refusal.ts";

export interface Problem {
  message: string;
  /** The name of the field that it is about; null if it is about the whole form. */
  field: string | null;
  /** Where there is something to do about it. */
  way?: { href: string; label: string } | undefined;
}

interface Words {
  /** The refusal's error name; any, if absent. */
  error?: string;
  /** A pattern of the refusal's message; any, if absent. */
  like?: RegExp;
  field?: string;
  words: string;
  way?: Problem["way"];
}

/** The first that fits counts. */
const WORDS: readonly Words[] = [
  {
    error: "AuthenticationRequired",
    words: "That handle and password do not belong together.",
  },
  {
    error: "AppPasswordRefused",
    field: "password",
    words: "Please use the password of your account, not an app password.",
  },
  {
    error: "AccountTakedown",
    words: "This account was taken down by the moderators.",
    way: { href: "/account/appeal", label: "Ask them to look once more" },
  },
  { error: "RateLimitExceeded", words: "Too many attempts. Please wait a few minutes." },

  {
    error: "TooManyRequests",
    words: "Very many people want to join just now. Please come back in some days.",
  },
  {
    like: /^A request with this address/,
    field: "email",
    words: "Somebody asked to join with this address already, and waits for an answer.",
  },
  {
    like: /^A reason has/,
    field: "reason",
    words: "Please say in up to 1,000 characters why you want to join.",
  },
  {
    like: /does not take requests/,
    words: "Nobody is let in by asking any more. Please load this page again.",
  },
  {
    like: /^Another request has/,
    words: "Somebody else asked for this name, or with this address, meanwhile.",
  },
  { error: "InvalidInviteCode", like: /does not take new/, words: "New accounts are not given out here." },
  {
    error: "InvalidInviteCode",
    like: /No invite/,
    field: "inviteCode",
    words: "Please enter an invite code.",
  },
  {
    error: "InvalidInviteCode",
    field: "inviteCode",
    words: "This invite code is not valid, or was used up.",
  },

  {
    error: "InvalidHandle",
    like: /too short/,
    field: "handle",
    words: "This is too short: handles have at least 3 letters or digits.",
  },
  {
    error: "InvalidHandle",
    like: /too long/,
    field: "handle",
    words: "This is too long: handles have at most 18 letters or digits.",
  },
  {
    error: "InvalidHandle",
    like: /language/,
    field: "handle",
    words: "This has a word in it that is not welcome here. Please take another.",
  },
  {
    error: "InvalidHandle",
    like: /TLD/,
    field: "handle",
    words: "No handle can end like this. Please take another domain.",
  },
  {
    error: "InvalidHandle",
    field: "handle",
    words: "Handles have only letters a to z, digits and dashes, no spaces or other signs.",
  },
  {
    like: /^Reserved handle/,
    field: "handle",
    words: "This name is kept for the host. Please take another.",
  },
  { error: "HandleNotAvailable", field: "handle", words: "This handle is taken." },
  { like: /^Handle already taken/, field: "handle", words: "This handle is taken." },
  { error: "UnsupportedDomain", field: "handle", words: "Handles of this domain are not given out here." },
  {
    like: /^External handle did not resolve/,
    field: "handle",
    words:
      "This domain does not name your account yet. Add the DNS record, and try again: it can take some minutes to be seen.",
  },
  {
    like: /not properly configured for handle/,
    field: "handle",
    words: "Your DID document has to name this handle first.",
  },

  {
    like: /^Email already taken|already in use/,
    field: "email",
    words: "This e-mail address has an account already.",
  },
  {
    like: /email address is not supported|^Email is required/,
    field: "email",
    words: "This is no e-mail address: please look for mistakes.",
  },
  { like: /does not have an email address/, words: "Your account has no e-mail address to send a code to." },
  {
    like: /password length|^Password too long/i,
    field: "password",
    words: "This password is too long: 256 characters are the most.",
  },

  { error: "ExpiredToken", field: "code", words: "This code is too old. Please ask for a new one." },
  { error: "InvalidToken", field: "code", words: "This code is not right." },
  { error: "TokenRequired", field: "code", words: "Please enter the code from the mail." },
  { error: "InvalidEmail", words: "Your e-mail address has changed meanwhile. Please ask for a new code." },
  { like: /^Invalid recovery key/, words: "This is no recovery key. Please make it anew." },
  { like: /this recovery key already/, words: "Your identity has this recovery key already." },
  { like: /no such recovery key/, words: "This recovery key is not part of your identity any more." },
  { like: /^Too many recovery keys/, words: "Your identity has many keys already. Please remove one first." },
  {
    like: /Invalid signature on op|Rotation keys do not include/,
    words: "This host may not change your identity: another key decides about it.",
  },
  {
    like: /app-specific password/,
    field: "name",
    words: "You have an app password of this name already. Please take another name.",
  },

  {
    like: /^DID document|^Could not resolve DID/,
    words: "Your identity points at another host, so the account can only be switched on there.",
  },
  { like: /role that you may not act upon/, words: "This account has a role that you may not act upon." },
  { error: "AccountBusy", words: "The member is writing all the time. Suspend the account first." },
  {
    error: "ArchiveFailed",
    words: "The archive could not be stored. Nothing was deleted. Please try again.",
  },
  { error: "ArchiveNotFound", words: "There is no such archive any more." },
  { error: "AlreadyExists", words: "This account is here." },
  { error: "AccountNotFound", words: "This account is not here any more." },
  { like: /account not found/i, words: "This account is not here any more." },
  { error: "UpstreamFailure", words: "A service this needs cannot be reached right now. Please try again." },
];

const UNKNOWN = "This did not work. Please check what you entered, and try again.";

/**
 * The problem behind a refusal. Rethrows anything else, and the host's own failures, since those are no
 * mistake of the person.
 * @param fields the fields that the form shows: a problem with any other is one of the whole form
 */
export function problemOf(thrown: unknown, fields: Iterable<string> = []): Problem {
  if (!isRefusal(thrown)) throw thrown;
  const found = WORDS.find(({ error, like }) => fits(thrown, error, like));
  if (found === undefined) {
    if (thrown.status >= 500) throw thrown;
    // Somebody reads a sentence that says nothing: it wants words of its own.
    logLine("warn", "web.problems", { error: thrown.error, message: thrown.message });
    return { message: UNKNOWN, field: null };
  }
  const { words: message, field = null, way } = found;
  return { message, way, field: field !== null && [...fields].includes(field) ? field : null };
}

const fits = (refusal: RefusalShape, error: string | undefined, like: RegExp | undefined): boolean =>
  (error === undefined || refusal.error === error) && (like === undefined || like.test(refusal.message));

/** A problem that the page finds by itself. */
export const wrong = (message: string, field: string | null = null): Problem => ({ message, field });
