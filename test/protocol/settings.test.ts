import { describe, expect, test } from "vitest";
import { hostOf } from "../../src/identity/host.ts";
import { SETTINGS, SETTING_NAMES, type SettingName, readSettings } from "../../src/protocol/settings/list.ts";
import { configure } from "../../src/protocol/settings/configured.ts";

/** The normal form of one setting, or what is wrong with it. */
function read(name: SettingName, text: unknown, further: object = {}): string {
  const { settings, faults } = readSettings({ [name]: text, ...further });
  return faults.join(" ") || settings[name];
}

const LOCAL = { LOCAL: "1" };

test.each<[SettingName, unknown, string]>([
  ["HANDLE_DOMAINS", ".Example.COM, .Other.Example.com", ".example.com,.other.example.com"],
  ["HANDLE_DOMAINS", "example.com", ".example.com"],
  ["HANDLE_DOMAINS", "*.example.com,*.EXAMPLE.com", ".example.com"],
  ["HANDLE_DOMAINS", " .example.com. ,, ", ".example.com"],
  ["HANDLE_DOMAINS", "bücher.example.com", ".xn--bcher-kva.example.com"],
  ["HANDLE_DOMAINS", ".test", ".test"],
  ["PUBLIC_URL", "https://PDS.Example.com/", "https://pds.example.com"],
  ["PUBLIC_URL", " https://pds.example.com:443\n", "https://pds.example.com"],
  ["REGISTRATION", "OPEN", "open"],
  ["APP_READERS", "Members", "members"],
  ["PERSON_SHOWS", "replies  media,com.example.essay,media", "replies,media,com.example.essay"],
  ["PERSON_SHOWS", "posts", "posts"],
  ["PERSON_SHOWS", "", "replies,media"],
  ["RATE_LIMITS", " Off ", "off"],
  ["APPVIEW", "Local", "local"],
  ["APPVIEW", "did:web:api.bsky.app#bsky_appview", "did:web:api.bsky.app#bsky_appview"],
  ["PLC_URL", "https://plc.directory/", "https://plc.directory"],
  [
    "RELAYS",
    "https://bsky.network/, https://Relay.example.com,https://bsky.network",
    "https://bsky.network,https://relay.example.com",
  ],
  ["RELAYS", "", ""],
  ["MAIL", "Atoll <atoll@example.com>", "Atoll <atoll@example.com>"],
  ["MAIL", "atoll@example.com", "atoll@example.com"],
  ["HOST_NAME", "  Die Bücherei ", "Die Bücherei"],
  ["HOST_COLOR", "0E7C86", "#0e7c86"],
  ["HOST_COLOR", "#abc", "#aabbcc"],
  ["TERMS_URL", "https://example.com/terms?lang=en#top", "https://example.com/terms?lang=en#top"],
  ["PRIVACY_URL", " https://Example.com ", "https://example.com/"],
  ["CONTACT_EMAIL", " hello@example.com\n", "hello@example.com"],
  ["MEMBER_INVITES", "007", "7"],
  ["MEMBER_INVITES", "0", "0"],
  ["BLOB_LIMIT", "005", "5"],
  ["BLOB_LIMIT", 5_000_000, "5000000"],
  ["MOD_SERVICE", "did:plc:z72i7hdynmk6r22z27h6tvur#atproto_labeler", "did:plc:z72i7hdynmk6r22z27h6tvur"],
  ["ADMIN_PASSWORD", 'a:b:ü "x" %\n', 'a:b:ü "x" %'],
  ["ADMIN_PASSWORD", "u\u0308 ", "ü "],
  ["PLC_ROTATION_KEY", "AB".repeat(32), "ab".repeat(32)],
])("%s %j is taken as %j", (name, given, normal) => {
  expect(read(name, given)).toBe(normal);
  // A normal form stays as it is: launchers hand it on to the Worker, which reads it again.
  expect(read(name, normal)).toBe(normal);
});

test.each<[SettingName, unknown, string]>([
  ["TERMS_URL", "example.com/terms", "not the address of a page"],
  ["PRIVACY_URL", "javascript:alert(1)", "not the address of a page"],
  ["CONTACT_EMAIL", "Atoll <hello@example.com>", "write it as name@example.com"],
  ["CONTACT_EMAIL", "nobody", "write it as name@example.com"],
  ["MEMBER_INVITES", "many", "write a number"],
  ["APP_READERS", "friends", "none of everybody, members"],
  ["PERSON_SHOWS", "replies,everything", "neither replies, media nor a collection"],
  ["PERSON_SHOWS", "com.example.<b>", "neither replies, media nor a collection"],
  ["PERSON_SHOWS", Array.from({ length: 9 }, (_, i) => `com.example.c${i}`).join(), "more than 8"],
  ["MEMBER_INVITES", "-1", "write a number"],
  ["MEMBER_INVITES", "1000000", "write a number"],
  ["HANDLE_DOMAINS", "*", "not a domain"],
  ["HANDLE_DOMAINS", "*.", "not a domain"],
  ["HANDLE_DOMAINS", "a.*.example.com", "not a domain"],
  ["HANDLE_DOMAINS", "https://example.com", "not a domain"],
  ["HANDLE_DOMAINS", "exa mple.com", "not a domain"],
  ["HANDLE_DOMAINS", "my_host.example.com", "not a domain"],
  ["HANDLE_DOMAINS", "-a.example.com", "not a domain"],
  ["HANDLE_DOMAINS", "127.0.0.1", "not a domain"],
  ["HANDLE_DOMAINS", `${"a".repeat(64)}.com`, "not a domain"],
  ["HANDLE_DOMAINS", `${"a.".repeat(120)}com`, "not a domain"],
  ["HANDLE_DOMAINS", ".example.com,.lagoon.local", "no account can have a handle"],
  ["HANDLE_DOMAINS", "com", "a whole top-level domain"],
  ["HANDLE_DOMAINS", " , ", "names no domain"],
  ["PUBLIC_URL", "pds.example.com", "not a URL"],
  ["PUBLIC_URL", "http://pds.example.com", "https://"],
  ["PUBLIC_URL", "https://pds.example.com/atoll", "no path"],
  ["PUBLIC_URL", "https://pds.example.com:8443", "without a port"],
  ["PUBLIC_URL", "https://10.0.0.1", "a public name"],
  ["PUBLIC_URL", "https://a:b@pds.example.com", "a user or password"],
  ["REGISTRATION", "opne", "none of invite, approval, open, closed"],
  ["RATE_LIMITS", "false", "none of on, off"],
  ["APPVIEW", "https://api.bsky.app", "did:web:api.bsky.app#bsky_appview"],
  ["APPVIEW", "did:web:api.bsky.app", "did:web:api.bsky.app#bsky_appview"],
  ["PLC_URL", "plc.directory", "not a URL"],
  ["RELAYS", "bsky.network", "not a URL"],
  ["RELAYS", "wss://bsky.network", "https://"],
  ["MAIL", "atoll", "Name <address@example.com>"],
  ["MAIL", "Atoll\nBcc: x <atoll@example.com>", "Name <address@example.com>"],
  ["HOST_NAME", "a\u0000b", "do not show"],
  ["HOST_NAME", "a".repeat(65), "longer than 64"],
  ["HOST_COLOR", "#000;}</style>", "#0e7c86"],
  ["BLOB_LIMIT", "5 MB", "in digits"],
  ["BLOB_LIMIT", "-1", "in digits"],
  ["BLOB_LIMIT", "0", "in digits"],
  ["MOD_SERVICE", "ozone.example.com", "not a DID"],
  ["LOCAL", "0", "1 in a local run"],
  ["LOCAL", "true", "1 in a local run"],
  ["LOCAL", true, "1 in a local run"],
  ["HOST_NAME", { toString: "x" }, "not a text"],
  ["ADMIN_PASSWORD", "a\tb", "control characters"],
  ["ADMIN_PASSWORD", "a\ud800", "not well-formed"],
  ["JWT_SECRET", "abc", "shorter than 32"],
  ["JWT_SECRET", `${"a".repeat(40)} b`, "blanks"],
  ["RESEND_API_KEY", "re_1 ", "blanks"],
  ["PLC_ROTATION_KEY", "ab".repeat(31), "32 bytes in hex"],
  ["PLC_ROTATION_KEY", "00".repeat(32), "32 bytes in hex"],
  ["PLC_ROTATION_KEY", "ff".repeat(32), "32 bytes in hex"],
])("%s %j is refused: %s", (name, given, words) => {
  const { settings, faults } = readSettings({ [name]: given });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(new RegExp(`^${name} .*\\.$`, "s"));
  expect(faults[0]).toContain(words);
  expect(settings[name]).toBe(SETTINGS[name].fallback);
  if (SETTINGS[name].secret) expect(faults[0]).not.toContain(String(given));
});

describe("settings that are not given", () => {
  test("have their defaults, which are normal forms", () => {
    const { settings, faults } = readSettings({});
    expect(faults).toEqual([]);
    for (const name of SETTING_NAMES) expect(settings[name], name).toBe(SETTINGS[name].fallback);
    expect(readSettings(settings)).toEqual({ settings, faults });
  });

  test("are those that are empty, undefined, or null as a runtime gives them", () => {
    for (const missing of ["", undefined, null]) {
      const given = Object.fromEntries(SETTING_NAMES.map((name) => [name, missing]));
      const { settings } = readSettings({ ...given, RELAYS: undefined });
      expect(settings).toEqual(readSettings({}).settings);
    }
  });

  test("keep a local run on its machine", () => {
    expect(readSettings(LOCAL).settings).toMatchObject({
      LOCAL: "1",
      HANDLE_DOMAINS: ".test",
      PLC_URL: "",
      RELAYS: "",
    });
  });
});

test("without LOCAL, no host is local", () => {
  for (const given of [{}, { LOCAL: undefined }, { LOCAL: "" }, { LOCAL: "0" }]) {
    const { settings } = readSettings(given);
    expect(settings.LOCAL).toBe("");
    expect(hostOf("https://pds.example.com/", settings)).toMatchObject({
      local: false,
      handleDomains: [".pds.example.com"],
    });
  }
  // The bare bindings, which no code should read, do not make a host local either.
  const bare = { PUBLIC_URL: "", HANDLE_DOMAINS: "", LOCAL: undefined as never };
  expect(hostOf("https://pds.example.com/", bare).local).toBe(false);
});

test("plain http and loopback addresses are for local runs alone", () => {
  for (const name of ["PUBLIC_URL", "PLC_URL", "RELAYS"] as const) {
    expect(read(name, "http://localhost:2583", LOCAL)).toBe("http://localhost:2583");
    expect(read(name, "http://localhost:2583")).toContain("https://");
  }
});

test("a setting that the list does not have is refused by name, whatever else is bound", () => {
  const store = { prepare: () => null };
  const { faults } = readSettings({ HANDLE_DOMIANS: ".example.com", DIRECTORY: store, KIT_SECRET: "x" });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain("HANDLE_DOMIANS is no setting of this host");
  expect(faults[0]).toContain("HANDLE_DOMAINS");
});

test("a Worker's bindings are configured once, and stay the same otherwise", () => {
  const env = { DIRECTORY: {}, HANDLE_DOMAINS: "Example.com" };
  const { bindings, faults } = configure(env);
  expect(faults).toEqual([]);
  expect(bindings).toMatchObject({ HANDLE_DOMAINS: ".example.com", REGISTRATION: "invite", LOCAL: "" });
  expect(bindings.DIRECTORY).toBe(env.DIRECTORY);
  expect(configure(env).bindings).toBe(bindings);
});
