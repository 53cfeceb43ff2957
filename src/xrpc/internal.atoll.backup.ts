/** `internal.atoll.backup.*`: the host's backups, and the way back. For owners, their pages and their tools. */
import { filesOf } from "../lifecycle/files/store.ts";
import type { Did } from "@atcute/lexicons";
import * as v from "@atcute/lexicons/validations";
import type { BlobUpload } from "../protocol/account-station.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import { act } from "./admin/acts.ts";
import { uploadBlob } from "./blobs/upload.ts";
import { method } from "./server/method.ts";
import { anything, procedure } from "./server/own-schemas.ts";
import { hostOwner } from "./server/role-policies.ts";
import type { Services } from "./server/services.ts";

/** The code that only backups and restores need is loaded when one of these is called. */
const backups = () => import("../lifecycle/backup/status.ts");
const restore = () => import("../lifecycle/backup/restore.ts");
const blobs = () => import("../lifecycle/backup/restore-blobs.ts");
const hostRestore = () => import("../lifecycle/backup/restore-host.ts");

const bytes: { type: "blob"; encoding: string[] } = { type: "blob", encoding: ["*/*"] };

const BODY = { jsonLimit: 1_000_000 };
/** Blobs looked up in one call: three requests each, of 50 that the free plan allows. */
const BLOBS_AT_ONCE = 15;

const did = v.didString();
const row = v.unknown();
const texts = v.unknown();
const blob = v.object({ cid: v.string(), key: v.string(), mimeType: v.string(), size: v.integer() });
const appPassword = v.object({
  name: v.string(),
  digest: v.string(),
  privileged: v.boolean(),
  createdAt: v.string(),
});
const kept = v.object({
  made: v.integer(),
  signingKey: v.string(),
  password: v.nullable(v.string()),
  appPasswords: v.array(appPassword),
  preferences: v.array(v.object({ namespace: v.string(), value: v.string() })),
});

const getStatus = v.query("internal.atoll.backup.getStatus", { params: null, output: anything });
const listFiles = v.query("internal.atoll.backup.listFiles", {
  params: v.object({ prefix: v.optional(v.string(), ""), after: v.optional(v.string(), "") }),
  output: anything,
});
const getFile = v.query("internal.atoll.backup.getFile", {
  params: v.object({ key: v.string() }),
  output: bytes,
});
const getAccounts = v.query("internal.atoll.backup.getAccounts", {
  params: v.object({ dids: v.constrain(v.array(did), [v.arrayLength(1, 25)]) }),
  output: anything,
});
const restoreRepo = v.procedure("internal.atoll.backup.restoreRepo", {
  params: v.object({ did }),
  input: bytes,
  output: anything,
});
const restoreBlob = v.procedure("internal.atoll.backup.restoreBlob", {
  params: v.object({ did, cid: v.optional(v.string()) }),
  input: bytes,
  output: anything,
});

const objectsOf = (rows: unknown): Record<string, unknown>[] => {
  const isObject = (each: unknown): each is Record<string, unknown> =>
    typeof each === "object" && each !== null && !Array.isArray(each);
  if (!Array.isArray(rows) || !rows.every(isObject)) throw invalidRequest("rows must be objects");
  return rows;
};

function objectOf(value: unknown): Record<string, unknown> {
  const [object] = objectsOf([value]);
  return object ?? {};
}

const textsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(objectOf(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );

/** An account's uploads while it is restored: its limits are for members. */
const unlimited = (services: Services, of: Did) => ({
  checkUpload: async () => {},
  registerBlob: (upload: BlobUpload) => services.account(of).registerBlob(upload),
});

export const internalAtollBackup = [
  method({ mainSchema: getStatus }, hostOwner, async ({ services }) => ({
    ...(await (await backups()).readStatus(services)),
  })),

  method(procedure("internal.atoll.backup.start", {}), hostOwner, async ({ caller, services }) => {
    const { start } = await backups();
    return { run: await act(services, caller, "startBackup", undefined, {}, () => start(services.env)) };
  }),

  method({ mainSchema: listFiles }, hostOwner, async ({ params: { prefix, after }, services }) => ({
    ...(await (await backups()).listFiles(services.env, prefix, after)),
  })),

  method({ mainSchema: getFile }, hostOwner, async ({ params: { key }, services }) =>
    (await backups()).readFile(services.env, key),
  ),

  method({ mainSchema: getAccounts }, hostOwner, async ({ params: { dids }, services }) => ({
    accounts: await (await restore()).standingsOf(services, dids),
  })),

  method(
    procedure("internal.atoll.backup.restoreHost", {
      secrets: texts,
      settings: texts,
      logo: v.optional(v.string()),
      before: v.object({
        origin: v.string(),
        did: v.string(),
        formerOrigins: v.array(v.string()),
        handleDomains: v.array(v.string()),
        version: v.array(v.string()),
      }),
    }),
    hostOwner,
    async ({ caller, input: { secrets, settings, logo, before }, services }) => {
      const { env, directory, host } = services;
      const { restoreLogo, restoreSecrets, restoreSettings } = await hostRestore();
      return act(services, caller, "restoreHost", undefined, { from: before.origin }, async () => {
        await restoreSecrets(env, directory, textsOf(secrets));
        if (logo !== undefined) await restoreLogo(env, logo);
        return { left: await restoreSettings(env, host.origin, textsOf(settings), before) };
      });
    },
    BODY,
  ),

  method(
    procedure("internal.atoll.backup.restoreRows", { table: v.string(), rows: row }),
    hostOwner,
    async ({ input: { table, rows }, services }) => ({
      restored: await (await restore()).restoreRows(services.env.DIRECTORY, table, objectsOf(rows)),
    }),
    BODY,
  ),

  method(
    procedure("internal.atoll.backup.restoreAccount", {
      did,
      kept,
      parts: v.literalEnum(["all", "preferences"]),
    }),
    hostOwner,
    async ({ caller, input: { did: of, kept: given, parts }, services }) => {
      const { restoreAccount } = await restore();
      await act(services, caller, "restoreAccount", of, { parts }, () =>
        restoreAccount(services, of, given, parts),
      );
      return {};
    },
    BODY,
  ),

  method(
    { mainSchema: restoreRepo },
    hostOwner,
    async ({ caller, params: { did: of }, request, services }) => {
      const { body } = request;
      if (body === null) throw invalidRequest("Invalid CAR: unexpected end");
      const { restoreRepo: replace } = await restore();
      return act(services, caller, "restoreRepo", of, {}, () => replace(services, of, body));
    },
  ),

  method(
    procedure("internal.atoll.backup.restoreRevs", { did, at: v.string(), revs: row }),
    hostOwner,
    async ({ input: { did: of, at, revs }, services }) => ({
      restored: await services.account(of).restoreRevs(at, pairsOf(revs)),
    }),
    BODY,
  ),

  method({ mainSchema: restoreBlob }, hostOwner, async ({ params: { did: of, cid }, request, services }) => {
    if (cid !== undefined && (await (await blobs()).restoreBytes(services, of, cid, request))) return { cid };
    const stored = await uploadBlob(filesOf(services.env), unlimited(services, of), of, request, Infinity);
    return { cid: stored.ref.$link };
  }),

  method(
    procedure("internal.atoll.backup.restoreBlobs", {
      did,
      blobs: v.constrain(v.array(blob), [v.arrayLength(1, BLOBS_AT_ONCE)]),
      checked: v.optional(v.boolean()),
    }),
    hostOwner,
    async ({ input: { did: of, blobs: given, checked = false }, services }) => ({
      missing: await (await blobs()).restoreBlobs(services, of, given, checked),
    }),
  ),

  method(
    procedure("internal.atoll.backup.listAccount", { row, from: v.array(v.string()) }),
    hostOwner,
    async ({ input: { row: given, from }, services }) => {
      const { listAccount } = await restore();
      const to = services.host.origin;
      return { whereabouts: await listAccount(services, objectOf(given), { from, to }) };
    },
  ),
];

function pairsOf(revs: unknown): [string, string][] {
  const isPair = (each: unknown): each is [string, string] =>
    Array.isArray(each) && each.length === 2 && each.every((text) => typeof text === "string");
  if (!Array.isArray(revs) || !revs.every(isPair)) throw invalidRequest("revs must be pairs of texts");
  return revs;
}
