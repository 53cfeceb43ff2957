/** Requests that are wrong in their form: text, types, verbs, names, parameters, credentials, sizes. */
import { pick } from "../../../tools/seed/random.ts";
import type { Member } from "../../support/account-host.ts";

/** The members whose host receives the requests. */
export interface Stage {
  member: Member;
  other: Member;
  /** The members' exported repos. */
  car: Uint8Array;
  otherCar: Uint8Array;
  /** The member's posts. */
  posts: { uri: string; cid: string; rkey: string }[];
  /** An uploaded blob that is not an image and belongs to no record. */
  textBlob: Record<string, unknown>;
  methods: { nsid: string; verb: "GET" | "POST" }[];
  expired: string;
}

export type Random = () => number;

export interface Wrong {
  /** Below `/xrpc/`, including the query. */
  path: string;
  init: RequestInit;
}

/** One kind of wrong request: how often it is sent, and the error names by which it may be refused. */
export interface Family {
  name: string;
  count: number;
  errors: readonly string[];
  statuses?: readonly number[];
  /** Whether the refusal is an error frame on the socket, after the upgrade. */
  byFrame?: true;
  make(stage: Stage, random: Random): Wrong;
}

export const INVALID = ["InvalidRequest"];
export const JSON_TYPE = "application/json";

export function call(nsid: string, member: Member | null, body: BodyInit, type = JSON_TYPE): Wrong {
  const headers: Record<string, string> = { "content-type": type };
  if (member !== null) headers.authorization = member.auth;
  return { path: nsid, init: { method: "POST", headers, body } };
}

export const sendJson = (nsid: string, member: Member | null, input: unknown): Wrong =>
  call(nsid, member, JSON.stringify(input));

export function ask(nsid: string, params: Record<string, string | string[]>, auth?: string): Wrong {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const each of [value].flat()) query.append(name, each);
  }
  return {
    path: `${nsid}?${query.toString()}`,
    init: auth === undefined ? {} : { headers: { authorization: auth } },
  };
}

export const int = (random: Random, below: number): number => Math.floor(random() * below);

/** A word of letters that rkeys allow; a long one repeats itself. */
export function word(random: Random, length = 1 + int(random, 12)): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  const begun = Array.from({ length: Math.min(length, 61) }, () => letters.charAt(int(random, 32))).join("");
  return begun.repeat(Math.ceil(length / 61)).slice(0, length);
}

/** Any text, made of odd letters. */
export function noise(random: Random, length = 1 + int(random, 20)): string {
  const odd = [
    "\u0000",
    "\uD800",
    "\uDFFF",
    "é",
    "漢",
    "😀",
    "%",
    "&",
    "=",
    "/",
    "\\",
    '"',
    "'",
    "<",
    " ",
    ";",
    "{",
    "]",
    "\n",
    "\u202E",
  ];
  return Array.from({ length }, () => (random() < 0.6 ? pick(odd, random) : word(random, 1))).join("");
}

export function bytes(random: Random, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => int(random, 256));
}

/**
 * Valid inputs of methods, and their required fields. They concern only the member's own data, or no account.
 */
export const good = ({
  member,
  posts,
}: Stage): [nsid: string, needs: string[], input: Record<string, unknown>][] => {
  const createdAt = "2026-01-01T00:00:00.000Z";
  const [post = { rkey: "", uri: "", cid: "" }] = posts;
  const collection = "app.bsky.feed.post";
  const record = { $type: collection, text: "t", createdAt };
  const { did } = member;
  return [
    ["com.atproto.repo.createRecord", ["repo", "collection", "record"], { repo: did, collection, record }],
    [
      "com.atproto.repo.putRecord",
      ["repo", "collection", "rkey", "record"],
      { repo: did, collection, rkey: post.rkey, record },
    ],
    [
      "com.atproto.repo.deleteRecord",
      ["repo", "collection", "rkey"],
      { repo: did, collection, rkey: "absent" },
    ],
    ["com.atproto.repo.applyWrites", ["repo", "writes"], { repo: did, writes: [] }],
    ["com.atproto.identity.updateHandle", ["handle"], { handle: member.handle }],
    ["com.atproto.server.createSession", ["identifier", "password"], { identifier: "x.test", password: "p" }],
    ["com.atproto.server.createAppPassword", ["name"], { name: "n" }],
    ["com.atproto.server.revokeAppPassword", ["name"], { name: "n" }],
    ["com.atproto.server.confirmEmail", ["email", "token"], { email: "a@example.com", token: "t" }],
    ["com.atproto.server.updateEmail", ["email"], { email: "a@example.com" }],
    ["com.atproto.server.resetPassword", ["token", "password"], { token: "t", password: "p" }],
    ["com.atproto.server.requestPasswordReset", ["email"], { email: "nobody@example.com" }],
    ["com.atproto.server.deleteAccount", ["did", "password", "token"], { did, password: "p", token: "t" }],
    ["com.atproto.identity.submitPlcOperation", ["operation"], { operation: {} }],
    [
      "com.atproto.moderation.createReport",
      ["reasonType", "subject"],
      {
        reasonType: "com.atproto.moderation.defs#reasonSpam",
        subject: { $type: "com.atproto.admin.defs#repoRef", did },
      },
    ],
    ["app.bsky.actor.putPreferences", ["preferences"], { preferences: [] }],
    ["app.bsky.notification.updateSeen", ["seenAt"], { seenAt: createdAt }],
  ];
};

/** Values of every kind except the kind of `value`. */
function otherKind(value: unknown, random: Random): unknown {
  const kinds: unknown[] = [null, true, 7, -1.5, "text\u0000", [], [[[]]], { a: 1 }, 2 ** 60];
  return pick(
    kinds.filter((kind) => typeof kind !== typeof value || Array.isArray(kind) !== Array.isArray(value)),
    random,
  );
}

/** Invalid JSON: cut, doubled, decorated. */
function brokenJson(text: string, random: Random): BodyInit {
  switch (int(random, 8)) {
    case 0:
      return text.slice(0, 1 + int(random, text.length - 1));
    case 1:
      return `${text}${text}`;
    case 2:
      return text.replaceAll('"', "'");
    case 3:
      return text.replace(/\{/, `{"${word(random)}": NaN,`);
    case 4:
      return bytes(random, 1 + int(random, 200)).map((byte, i) => (i === 0 ? 0xfe : byte));
    case 5:
      return text.replace(/.$/, ",}");
    case 6:
      return `/* ${word(random)} */ ${text}`;
    default:
      return new Uint8Array([...new TextEncoder().encode(text.slice(0, -2)), 0xc3, 0x28, 0x22, 0x7d]);
  }
}

export const requestFamilies: readonly Family[] = [
  {
    name: "JSON that is none",
    count: 500,
    errors: INVALID,
    make(stage, random) {
      const [nsid, , input] = pick(good(stage), random);
      return call(nsid, stage.member, brokenJson(JSON.stringify(input), random));
    },
  },
  {
    name: "JSON that is no object",
    count: 200,
    errors: INVALID,
    make(stage, random) {
      const [nsid] = pick(good(stage), random);
      return sendJson(nsid, stage.member, pick([null, 1, "x", [], true, [{}], -0.5], random));
    },
  },
  {
    name: "a body nested too deeply",
    count: 60,
    errors: INVALID,
    make(stage, random) {
      const depth = 200 + int(random, 20_000);
      const [open, close] = pick(
        [
          ["[", "]"],
          ['{"a":', "}"],
        ] as const,
        random,
      );
      const deep = `${open.repeat(depth)}1${close.repeat(random() < 0.5 ? depth : 0)}`;
      const { did } = stage.member;
      return call(
        "com.atproto.repo.createRecord",
        stage.member,
        `{"repo":"${did}","collection":"a.b.c","record":${deep}}`,
      );
    },
  },
  {
    name: "a field that is missing",
    count: 300,
    errors: INVALID,
    make(stage, random) {
      const [nsid, needs, input] = pick(good(stage), random);
      const { [pick(needs, random)]: _, ...rest } = input;
      return sendJson(nsid, stage.member, { ...rest, [word(random)]: noise(random) });
    },
  },
  {
    name: "a field of another type",
    count: 450,
    errors: INVALID,
    make(stage, random) {
      const [nsid, needs, input] = pick(good(stage), random);
      const name = pick(needs, random);
      return sendJson(nsid, stage.member, { ...input, [name]: otherKind(input[name], random) });
    },
  },
  {
    name: "an identifier that is none",
    count: 200,
    errors: [...INVALID, "InvalidHandle", "UnsupportedDomain", "HandleNotAvailable", "AccountNotFound"],
    make(stage, random) {
      const { member, other } = stage;
      const bad = pick(
        [
          "",
          "did:",
          "did:plc:",
          "a..b",
          "-a.test",
          `${word(random)}/`,
          noise(random),
          "a.b.c ",
          "x".repeat(600),
        ],
        random,
      );
      const record = { text: "x" };
      return pick(
        [
          sendJson("com.atproto.repo.createRecord", member, { repo: bad, collection: "a.b.c", record }),
          sendJson("com.atproto.repo.createRecord", member, { repo: member.did, collection: bad, record }),
          sendJson("com.atproto.repo.deleteRecord", member, { repo: member.did, collection: bad, rkey: "x" }),
          sendJson("com.atproto.identity.updateHandle", member, { handle: bad }),
          sendJson("com.atproto.identity.updateHandle", member, { handle: other.handle }),
          sendJson("com.atproto.identity.updateHandle", member, {
            handle: `${word(random)}.elsewhere.invalid`,
          }),
          sendJson("com.atproto.server.createAccount", null, {
            handle: bad,
            email: "n@example.com",
            password: "p",
          }),
          sendJson("com.atproto.server.createAccount", null, {
            handle: "fine.test",
            email: bad,
            password: "p",
          }),
          sendJson("com.atproto.server.createAccount", null, {
            handle: other.handle,
            email: "n@example.com",
            password: "p",
          }),
          sendJson("com.atproto.server.deleteAccount", null, { did: bad, password: "p", token: "t" }),
        ],
        random,
      );
    },
  },
  {
    name: "a content type that fits nothing",
    count: 300,
    errors: INVALID,
    make(stage, random) {
      const [nsid, , input] = pick(good(stage), random);
      const types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "image/png",
        "application/cbor",
        "application/jsonp",
        "json",
        ";",
        "*/*",
      ];
      return call(nsid, stage.member, JSON.stringify(input), pick(types, random));
    },
  },
  {
    name: "a wrong verb",
    count: 500,
    errors: INVALID,
    make(stage, random) {
      const { nsid, verb } = pick(stage.methods, random);
      const verbs = ["PUT", "DELETE", "PATCH", verb === "GET" ? "POST" : "GET"];
      return {
        path: nsid,
        init: { method: pick(verbs, random), headers: { authorization: stage.member.auth } },
      };
    },
  },
  {
    name: "a method's name that is none",
    count: 300,
    errors: ["InvalidRequest", "NotFound"],
    make({ member }, random) {
      const path = pick(
        [
          "",
          "a",
          "a.b",
          `a..${word(random)}`,
          "com.atproto.",
          `-${word(random)}.b.c`,
          `a.b.${int(random, 9)}x`,
          `a.b.c/${word(random)}`,
          encodeURIComponent(noise(random).toWellFormed()),
          "x".repeat(400),
        ],
        random,
      );
      return {
        path,
        init: { method: pick(["GET", "POST"], random), headers: { authorization: member.auth } },
      };
    },
  },
  {
    name: "a body that is too large",
    count: 12,
    errors: ["PayloadTooLargeError"],
    statuses: [413],
    make(stage, random) {
      const isWrite = random() < 0.5;
      const nsid = isWrite ? "com.atproto.repo.createRecord" : "app.bsky.actor.putPreferences";
      const padding = "x".repeat(isWrite ? 1_000_001 : 154_000);
      return sendJson(nsid, stage.member, { padding });
    },
  },
];
