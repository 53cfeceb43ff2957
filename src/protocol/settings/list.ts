/**
 * Every setting of the host, in one list. The Worker, the launchers, the test kit, the tests and the README's
 * table all take names, defaults and rules from here. A setting comes as text: from the environment (`[vars]`,
 * a secret, the shell, a test), or else from what the host's pages have set and DIRECTORY keeps.
 * `readSettings` brings it to its normal form, on which the rest of the code relies, and says in words what
 * cannot work.
 */
import { BACKUP_SETTINGS } from "./backup.ts";
import { readOwnLabels } from "./own-labels.ts";
import {
  type Link,
  readAppView,
  readBytes,
  readChoice,
  readCode,
  readColour,
  readCount,
  readEmail,
  readKey,
  readLink,
  readLocal,
  readLogo,
  readModerationService,
  readName,
  readOrigins,
  readPassword,
  readPublicUrl,
  readSender,
  readShows,
  readToken,
  readUrl,
  readWords,
} from "./values.ts";
import { Unfit } from "./unfit.ts";
import { readDomains, readHosts } from "./domains.ts";
import { type Setting, setting } from "./setting.ts";

export const SETTINGS = {
  PUBLIC_URL: setting({
    what: "The host's address, such as `https://pds.example.com`; by default the address that it is asked at.",
    fallback: "",
    kept: true,
    read: readPublicUrl,
  }),
  FORMER_URLS: setting({
    what: "Earlier addresses of the host, separated by commas: what was signed for them is still good.",
    fallback: "",
    kept: true,
    read: readOrigins,
  }),
  HANDLE_DOMAINS: setting({
    what: "The domains of members' handles, separated by commas; by default the host's own name.",
    fallback: "",
    local: ".test",
    kept: true,
    read: readDomains,
  }),
  REGISTRATION: setting({
    what: "Who may sign up: people with an `invite`, whom the owners let in (`approval`), everybody (`open`) or nobody (`closed`).",
    fallback: "invite",
    kept: true,
    read: readChoice("invite", "approval", "open", "closed"),
  }),
  APPVIEW: setting({
    what: "`local`, the host's own AppView, or the `did#service` of another one.",
    fallback: "local",
    kept: true,
    read: readAppView,
  }),
  READ_REPLICAS: setting<"" | "guests">({
    what: "`guests` lets read replicas of the index answer whoever is not signed in; they are made in the dashboard.",
    fallback: "",
    kept: true,
    read: readChoice("guests"),
  }),
  PLC_URL: setting({
    what: "The did:plc directory.",
    fallback: "https://plc.directory",
    local: "",
    read: readUrl,
  }),
  RELAYS: setting({
    what: "The relays that are asked to crawl the host, separated by commas.",
    fallback: "https://bsky.network",
    local: "",
    mayBeEmpty: true,
    kept: true,
    read: readOrigins,
  }),
  MAIL: setting({
    what: "The sender of the host's mail, `Name <address>`; without it no mail is sent.",
    fallback: "",
    notFromShell: true,
    kept: true,
    read: readSender,
  }),
  MAIL_LANGUAGE: setting({
    what: "The language of the host's mails: `en` or `de`.",
    fallback: "en",
    kept: true,
    read: readChoice("en", "de"),
  }),
  HOST_KIND: setting({
    what: "Whose place it is: a `community`'s, or one `person`'s.",
    fallback: "community",
    kept: true,
    read: readChoice("community", "person"),
  }),
  PERSON_SHOWS: setting({
    what: "What one person's front page shows: `posts`, and with them `replies`, `media`, collections of their repo.",
    fallback: "replies,media",
    kept: true,
    read: readShows,
  }),
  APP_READERS: setting({
    what: "Who may read the host's app, and ask its AppView: `everybody`, or `members` alone.",
    fallback: "everybody",
    kept: true,
    read: readChoice("everybody", "members"),
  }),
  HOST_NAME: setting({
    what: "The community's name on its pages; by default the host's name.",
    fallback: "",
    kept: true,
    read: readName,
  }),
  HOST_COLOR: setting({
    what: "The community's colour on its pages, `#rrggbb`; by default Atoll's.",
    fallback: "",
    kept: true,
    read: readColour,
  }),
  HOST_LOGO: setting({
    what: "The file of the community's logo, which its pages keep.",
    fallback: "",
    kept: true,
    notFromShell: true,
    read: readLogo,
  }),
  TERMS_URL: setting<Link | "">({
    what: "The address of the community's terms, which pages and apps link to.",
    fallback: "",
    kept: true,
    read: readLink,
  }),
  PRIVACY_URL: setting<Link | "">({
    what: "The address of what the community says about privacy.",
    fallback: "",
    kept: true,
    read: readLink,
  }),
  CONTACT_EMAIL: setting({
    what: "The e-mail address of whoever runs the host, for everybody to see.",
    fallback: "",
    kept: true,
    read: readEmail,
  }),
  MEMBER_INVITES: setting({
    what: "How many people each member may invite, if `REGISTRATION` is `invite`.",
    fallback: "5",
    kept: true,
    read: readCount,
  }),
  INVITER_INVITES: setting({
    what: "How many people whoever has the role `inviter` may invite.",
    fallback: "1000",
    kept: true,
    read: readCount,
  }),
  BLOB_LIMIT: setting({
    what: "The largest blob, in bytes.",
    // The most that a request may carry on Cloudflare's smaller plans.
    fallback: "100000000",
    // The reference PDS's default, so that an app's tests meet the same refusals.
    local: "5242880",
    read: readBytes,
  }),
  RATE_LIMITS: setting({
    what: "Whether requests are counted and limited: `on` or `off`.",
    fallback: "on",
    read: readChoice("on", "off"),
  }),
  MOD_SERVICE: setting({
    what: "The DID of a moderation service (an Ozone) whose service tokens act as a moderator's.",
    fallback: "",
    kept: true,
    read: readModerationService,
  }),
  OWN_LABELS: setting({
    what: "The community's own labels, as JSON; the page of labels keeps them.",
    fallback: "",
    kept: true,
    read: readOwnLabels,
  }),
  BLOCKED_WORDS: setting({
    what: "Words of which no member's handle may have one, and no display name that is shown, separated by commas.",
    fallback: "",
    kept: true,
    read: readWords,
  }),
  BLOCKED_HOSTS: setting({
    what: "Other hosts whose accounts this host takes nothing from, separated by commas.",
    fallback: "",
    kept: true,
    read: readHosts,
  }),
  NEIGHBOURS: setting({
    what: "`known` has the host hear other hosts where somebody lives whom members follow; `off` hears nobody.",
    fallback: "off",
    read: readChoice("off", "known"),
  }),
  PLAN: setting({
    what: "The Cloudflare plan that the Worker is on, `free` or `paid`: how much it takes up at once.",
    fallback: "free",
    local: "paid",
    kept: true,
    read: readChoice("free", "paid"),
  }),
  ...BACKUP_SETTINGS,
  JURISDICTION: setting<"" | "eu">({
    what: "`eu` keeps the host's objects, members' repos among them, in the EU; chosen at the first deploy, for good.",
    fallback: "",
    local: "",
    notFromShell: true,
    read: readChoice("eu"),
  }),
  LOCAL: setting({
    what: "`1` in local runs, which the launchers set: allows loopback addresses in outgoing requests.",
    fallback: "",
    notFromShell: true,
    read: readLocal,
  }),
  ADMIN_PASSWORD: setting({
    what: "The password of the user `admin`; by default the host makes one.",
    fallback: "",
    secret: true,
    read: readPassword,
  }),
  JWT_SECRET: setting({
    what: "The key of session tokens, at least 32 characters; by default the host makes one.",
    fallback: "",
    secret: true,
    read: readToken(32),
  }),
  PLC_ROTATION_KEY: setting({
    what: "The did:plc rotation key, 32 bytes in hex (K-256); by default the host makes one.",
    fallback: "",
    secret: true,
    read: readKey,
  }),
  SETUP_CODE: setting({
    what: "The code that opens `/setup`, at least 12 characters; without it, nobody can set up the host there.",
    fallback: "",
    secret: true,
    read: readCode(12),
  }),
  RESEND_API_KEY: setting({
    what: "The key of Resend, if mail goes through it; otherwise it goes through the `EMAIL` binding.",
    fallback: "",
    secret: true,
    kept: true,
    read: readToken(1),
  }),
};

export type SettingName = keyof typeof SETTINGS;

/** All settings in their normal form. */
export type Settings = { [Name in SettingName]: ReturnType<(typeof SETTINGS)[Name]["read"]> };

export const SETTING_NAMES = Object.keys(SETTINGS).filter(isSettingName);

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** The form of a setting's name. The test kit's own bindings begin with `KIT_`, those of a test runner with `_`. */
const SETTING_FORM = /^(?!KIT_)[A-Z][A-Z0-9_]*$/;

/** Settings as they are given, among other bindings. A runtime gives null for a variable that is not set. */
export type GivenSettings = Readonly<Record<string, unknown>>;

/** Settings that the host's pages have set, by name, in their normal form when they were set. */
export type KeptSettings = Readonly<Partial<Record<string, string>>>;

export interface ReadSettings {
  settings: Settings;
  /**
   * The settings that cannot work, a sentence each, without any secret; the settings concerned have their
   * default.
   */
  faults: string[];
}

/**
 * Reads the settings among `given`, and those that are missing there among `kept`. A given text whose name is
 * no setting is a fault. A kept one that cannot work any more counts as missing.
 */
export function readSettings(given: GivenSettings, kept: KeptSettings = {}): ReadSettings {
  const isLocal = isLocalRun(given);
  const faults = unknownSettings(given).map(
    (name) => `${name} is no setting of this host. Its settings are ${SETTING_NAMES.join(", ")}.`,
  );
  const read = (name: SettingName): string => {
    const { local, fallback, kept: isKept }: Setting = SETTINGS[name];
    return (
      readOne(name, given[name], isLocal, (fault) => faults.push(fault)) ??
      (isKept ? readOne(name, kept[name], isLocal, () => {}) : null) ??
      (isLocal ? (local ?? fallback) : fallback)
    );
  };
  const settings = Object.fromEntries(SETTING_NAMES.map((name) => [name, read(name)])) as Settings;
  // Nobody joins one person, unless it was said who may.
  const isSaid = isFixed(given, "REGISTRATION") || kept.REGISTRATION !== undefined;
  if (settings.HOST_KIND === "person" && !isSaid) settings.REGISTRATION = "closed";
  return { settings, faults };
}

const isLocalRun = (given: GivenSettings): boolean => String(given["LOCAL"]).trim() === "1";

/** Null if the setting is missing, or cannot work, which `tell` is told in a sentence. */
function readOne(
  name: SettingName,
  value: unknown,
  isLocal: boolean,
  tell: (fault: string) => void,
): string | null {
  const described: Setting = SETTINGS[name];
  try {
    const text = textOf(value, described.secret === true);
    if (text === null || (text === "" && !described.mayBeEmpty)) return null;
    return text === "" ? "" : described.read(text, isLocal);
  } catch (thrown) {
    if (!(thrown instanceof Unfit)) throw thrown;
    tell(`${name} ${thrown.message}.`);
    return null;
  }
}

/**
 * The normal form of a text for a setting that pages may set. Throws `Unfit`, whose message follows the name of
 * the setting.
 */
export function fitSetting(name: SettingName, text: string, isLocal: boolean): string {
  const described: Setting = SETTINGS[name];
  if (described.kept !== true) throw new Unfit("cannot be set on a page");
  return described.read(text.trim(), isLocal);
}

/** Whether the environment sets it, so that the pages cannot. */
export function isFixed(given: GivenSettings, name: SettingName): boolean {
  const value = given[name];
  if (value === undefined || value === null) return false;
  return mayBeEmpty(name) || typeof value !== "string" || value.trim() !== "";
}

/** Whether empty is a value of the setting. */
export function mayBeEmpty(name: SettingName): boolean {
  const described: Setting = SETTINGS[name];
  return described.mayBeEmpty === true;
}

const unknownSettings = (given: GivenSettings): string[] =>
  Object.keys(given).filter(
    (name) => typeof given[name] === "string" && !isSettingName(name) && SETTING_FORM.test(name),
  );

/** Null if the setting is missing. Blanks may belong to a secret, but the line break at its end is a file's. */
function textOf(value: unknown, isSecret: boolean): string | null {
  if (value === undefined || value === null) return null;
  // `[vars]` takes numbers and booleans as well.
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") throw new Unfit("is not a text");
  return isSecret ? value.replace(/[\r\n]+$/, "") : value.trim();
}
