/**
 * Every setting of the host, in one list. The Worker, the launchers, the test kit, the tests and the README's
 * table all take names, defaults and rules from here. A setting comes as text, from `[vars]` of
 * `wrangler.toml`, from a secret, from the shell or from a test. `readSettings` brings it to its normal form,
 * on which the rest of the code relies, and says in words what cannot work.
 */
import {
  type Link,
  Unfit,
  readAppView,
  readBytes,
  readChoice,
  readColour,
  readCount,
  readDomains,
  readEmail,
  readKey,
  readLink,
  readLocal,
  readModerationService,
  readName,
  readOrigins,
  readPassword,
  readPublicUrl,
  readSender,
  readToken,
  readUrl,
} from "./values.ts";

interface Setting<Value extends string = string> {
  /** One sentence for the README's table. */
  what: string;
  /** The value if the setting is missing or empty. */
  fallback: Value;
  /** The value in a local run if the setting is missing or empty; absent: `fallback`. */
  local?: Value;
  /** Whether empty is a value of its own; otherwise an empty setting counts as missing. */
  mayBeEmpty?: true;
  /** Whether the value must never be shown. */
  secret?: true;
  /** Whether a local run ignores the shell's variable of this name, because shells use it for something else. */
  notFromShell?: true;
  /** The normal form of a trimmed, non-empty text. Throws `Unfit`. */
  read(text: string, isLocal: boolean): Value;
}

/** Keeps a setting's own type of value. */
const setting = <Value extends string>(described: Setting<Value>) => described;

export const SETTINGS = {
  PUBLIC_URL: setting({
    what: "The host's address, such as `https://pds.example.com`; by default the address that it is asked at.",
    fallback: "",
    read: readPublicUrl,
  }),
  HANDLE_DOMAINS: setting({
    what: "The domains of members' handles, separated by commas; by default the host's own name.",
    fallback: "",
    local: ".test",
    read: readDomains,
  }),
  REGISTRATION: setting({
    what: "Who may sign up: people with an `invite`, everybody (`open`) or nobody (`closed`).",
    fallback: "invite",
    read: readChoice("invite", "open", "closed"),
  }),
  APPVIEW: setting({
    what: "`local`, the host's own AppView, or the `did#service` of another one.",
    fallback: "local",
    read: readAppView,
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
    read: readOrigins,
  }),
  MAIL: setting({
    what: "The sender of the host's mail, `Name <address>`; without it no mail is sent.",
    fallback: "",
    notFromShell: true,
    read: readSender,
  }),
  HOST_NAME: setting({
    what: "The community's name on its pages; by default the host's name.",
    fallback: "",
    read: readName,
  }),
  HOST_COLOR: setting({
    what: "The community's colour on its pages, `#rrggbb`; by default Atoll's.",
    fallback: "",
    read: readColour,
  }),
  TERMS_URL: setting<Link | "">({
    what: "The address of the community's terms, which pages and apps link to.",
    fallback: "",
    read: readLink,
  }),
  PRIVACY_URL: setting<Link | "">({
    what: "The address of what the community says about privacy.",
    fallback: "",
    read: readLink,
  }),
  CONTACT_EMAIL: setting({
    what: "The e-mail address of whoever runs the host, for everybody to see.",
    fallback: "",
    read: readEmail,
  }),
  MEMBER_INVITES: setting({
    what: "How many people each member may invite, if `REGISTRATION` is `invite`.",
    fallback: "5",
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
    read: readModerationService,
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
  RESEND_API_KEY: setting({
    what: "The key of Resend, if mail goes through it; otherwise it goes through the `EMAIL` binding.",
    fallback: "",
    secret: true,
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

export interface ReadSettings {
  settings: Settings;
  /** What cannot work, a sentence each, without any secret; the settings concerned have their default. */
  faults: string[];
}

/** Reads the settings among `given`. A text whose name is no setting is a fault. */
export function readSettings(given: GivenSettings): ReadSettings {
  const isLocal = String(given["LOCAL"]).trim() === "1";
  const faults = unknownSettings(given).map(
    (name) => `${name} is no setting of this host. Its settings are ${SETTING_NAMES.join(", ")}.`,
  );
  const read = (name: SettingName): string => {
    const described: Setting = SETTINGS[name];
    const { local, fallback, mayBeEmpty = false } = described;
    const value = isLocal ? (local ?? fallback) : fallback;
    try {
      const text = textOf(given[name], SETTINGS[name].secret === true);
      if (text === null || (text === "" && !mayBeEmpty)) return value;
      return text === "" ? "" : described.read(text, isLocal);
    } catch (thrown) {
      if (!(thrown instanceof Unfit)) throw thrown;
      faults.push(`${name} ${thrown.message}.`);
      return value;
    }
  };
  const settings = Object.fromEntries(SETTING_NAMES.map((name) => [name, read(name)]));
  return { settings: settings as Settings, faults };
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

/** The bindings of each isolate, with the settings in their normal form. */
const configured = new WeakMap<object, { bindings: object; faults: string[] }>();

/**
 * Replaces the settings among a Worker's bindings by their normal forms. `faults` are those of
 * `readSettings`. Bindings that need no change are returned as they are.
 */
export function configure<Env extends object>(env: Env): { bindings: Env & Settings; faults: string[] } {
  const known = configured.get(env);
  if (known !== undefined) return known as { bindings: Env & Settings; faults: string[] };
  const given: GivenSettings = Object.fromEntries(Object.entries(env));
  const { settings, faults } = readSettings(given);
  const isNormal = SETTING_NAMES.every((name) => given[name] === settings[name]);
  const made = { bindings: isNormal ? (env as Env & Settings) : { ...env, ...settings }, faults };
  configured.set(env, made);
  return made;
}
