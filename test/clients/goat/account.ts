/** `goat account …` and `goat pds …`, without the admin password. */
import { isDid, isHandle, isNsid } from "@atcute/lexicons/syntax";
import { type ApiClient, PasswordAuth } from "./client.ts";
import { type Goat, didOfClient, given, walk } from "./goat.ts";
import { bool, int64, list, map, pointer, raw, string, struct } from "./json.ts";

const repoStatus = struct({ active: bool, did: string, rev: pointer(string), status: pointer(string) });

/**
 * `goat account status <at-identifier>`. `goat pds account status <did>` makes the same call to a named host.
 */
export async function accountStatus(goat: Goat, identifier: string, host?: string) {
  const at = host === undefined ? await goat.directory.lookup(identifier) : { did: identifier, pds: host };
  return goat.open(at.pds).query("com.atproto.sync.getRepoStatus", { did: at.did }, repoStatus);
}

const accountCheck = struct({
  activated: bool,
  expectedBlobs: int64,
  importedBlobs: int64,
  indexedRecords: int64,
  privateStateValues: int64,
  repoBlocks: int64,
  repoCommit: string,
  repoRev: string,
  validDid: bool,
});

/** `goat account check-auth` */
export async function checkAuth(goat: Goat) {
  return checkAccount(await goat.client());
}

const checkAccount = (client: ApiClient) =>
  client.query("com.atproto.server.checkAccountStatus", {}, accountCheck);

const missingBlobsPage = struct({
  blobs: list(struct({ cid: string, recordUri: string })),
  cursor: pointer(string),
});

/** `goat account missing-blobs` */
export async function missingBlobs(goat: Goat) {
  const client = await goat.client();
  const pages = await walk((cursor) =>
    client.query("com.atproto.repo.listMissingBlobs", given({ cursor, limit: 500 }), missingBlobsPage),
  );
  return pages.flatMap(({ blobs }) => blobs);
}

/** `goat account activate` */
export async function activate(goat: Goat): Promise<void> {
  await (await goat.client()).plainProcedure("com.atproto.server.activateAccount");
}

/** `goat account deactivate` */
export async function deactivate(goat: Goat): Promise<void> {
  await (await goat.client()).procedure("com.atproto.server.deactivateAccount", {});
}

/** `goat account update-handle <handle>` */
export async function updateHandle(goat: Goat, handle: string): Promise<void> {
  if (!isHandle(handle)) throw new Error(`not a handle: ${handle}`);
  await (await goat.client()).procedure("com.atproto.identity.updateHandle", { handle });
}

interface ServiceAuth {
  audience: string;
  endpoint?: string;
  /** Default 60. */
  durationSec?: number;
}

/** `goat account service-auth --aud … [--lxm …] [--duration-sec …]` */
export async function serviceAuth(goat: Goat, options: ServiceAuth): Promise<string> {
  return serviceToken(await goat.client(), options);
}

async function serviceToken(client: ApiClient, { audience, endpoint = "", durationSec = 60 }: ServiceAuth) {
  if (endpoint !== "" && !isNsid(endpoint)) throw new Error(`not an NSID: ${endpoint}`);
  if (!isDid(audience)) throw new Error(`not a DID: ${audience}`);
  const exp = Math.floor(Date.now() / 1000) + durationSec;
  const params = { aud: audience, ...given({ exp, lxm: endpoint }) };
  const { token } = await client.query(
    "com.atproto.server.getServiceAuth",
    params,
    struct({ token: string }),
  );
  return token;
}

export interface NewAccount {
  pdsHost: string;
  handle: string;
  password: string;
  email: string;
  inviteCode?: string;
  existingDid?: string;
  recoveryKey?: string;
  serviceAuth?: string;
}

const createdAccount = struct({
  accessJwt: string,
  did: string,
  didDoc: pointer(raw),
  handle: string,
  refreshJwt: string,
});

/** `goat account create --pds-host … --handle … --password … --email … [--invite-code …] [--existing-did …] …` */
export async function createAccount(goat: Goat, wanted: NewAccount) {
  const { pdsHost, handle, password, email, inviteCode, existingDid, recoveryKey } = wanted;
  if (!isHandle(handle)) throw new Error(`not a handle: ${handle}`);
  const client = goat.open(pdsHost);
  if (wanted.serviceAuth !== undefined && existingDid !== undefined) {
    actAs(client, { did: existingDid, accessJwt: wanted.serviceAuth, refreshJwt: "" });
  }
  const input = { did: existingDid, email, handle, inviteCode, password, recoveryKey };
  return must(await client.procedure("com.atproto.server.createAccount", input, createdAccount));
}

const actAs = (client: ApiClient, tokens: { did: string; accessJwt: string; refreshJwt: string }) => {
  client.did = tokens.did;
  client.auth = new PasswordAuth({ ...tokens, host: client.host });
};

export const description = struct({
  availableUserDomains: list(string),
  contact: pointer(struct({ email: pointer(string) })),
  did: string,
  inviteCodeRequired: pointer(bool),
  links: pointer(struct({ privacyPolicy: pointer(string), termsOfService: pointer(string) })),
  phoneVerificationRequired: pointer(bool),
});

/** `goat pds describe <host-url>` */
export const describeHost = (goat: Goat, host: string) =>
  goat.open(host).query("com.atproto.server.describeServer", {}, description);

const reposPage = struct({
  cursor: pointer(string),
  repos: list(
    struct({ active: pointer(bool), did: string, head: string, rev: string, status: pointer(string) }),
  ),
});

/** `goat pds account list`. The admin command of that name makes the same call with a password. */
export async function listAccounts(client: ApiClient) {
  const pages = await walk((cursor) =>
    client.query("com.atproto.sync.listRepos", given({ cursor, limit: 500 }), reposPage),
  );
  return pages
    .flatMap(({ repos }) => repos)
    .map(({ did, active, status, rev }) => ({ did, rev, status: active ? "active" : (status ?? "unknown") }));
}

const openedSession = struct({
  accessJwt: string,
  active: pointer(bool),
  did: string,
  didDoc: pointer(raw),
  email: pointer(string),
  emailAuthFactor: pointer(bool),
  emailConfirmed: pointer(bool),
  handle: string,
  refreshJwt: string,
  status: pointer(string),
});
const preferences = struct({ preferences: list(map(raw)) });
const blobsPage = struct({ cids: list(string), cursor: pointer(string) });

interface Migration {
  pdsHost: string;
  newHandle: string;
  newPassword: string;
  plcToken: string;
  inviteCode?: string;
  newEmail?: string;
}

/**
 * `goat account migrate --pds-host … --new-handle … --new-password … --plc-token …` Returns the status at the
 * new host.
 */
export async function migrate(goat: Goat, options: Migration) {
  const old = await goat.client();
  const did = didOfClient(old);
  const client = goat.open(options.pdsHost);
  await arrive(goat, old, client, options);
  const car = await old.queryBytes("com.atproto.sync.getRepo", { did });
  await client.upload("com.atproto.repo.importRepo", "application/vnd.ipld.car", car);
  const kept = await old.query("app.bsky.actor.getPreferences", {}, preferences);
  await client.procedure("app.bsky.actor.putPreferences", kept);
  await bringBlobs(old, client, did);
  const status = await checkAccount(client);
  await moveIdentity(old, client, options.plcToken);
  await client.plainProcedure("com.atproto.server.activateAccount");
  await old.procedure("com.atproto.server.deactivateAccount", {});
  return status;
}

/** Creates the account with a token signed by the old host, then signs in with the new password. */
async function arrive(goat: Goat, old: ApiClient, client: ApiClient, options: Migration): Promise<void> {
  const did = didOfClient(old);
  const host = await describeHost(goat, options.pdsHost);
  const token = await serviceToken(old, {
    audience: host.did,
    endpoint: "com.atproto.server.createAccount",
  });
  actAs(client, { did, accessJwt: token, refreshJwt: "" });
  const { newHandle: handle, newPassword: password, newEmail: email, inviteCode } = options;
  const input = { did, email, handle, inviteCode, password };
  const made = must(await client.procedure("com.atproto.server.createAccount", input, createdAccount));
  if (made.did !== did) throw new Error(`new account DID not a match: ${made.did}`);
  actAs(client, made);
  const login = { identifier: did, password };
  actAs(client, must(await client.procedure("com.atproto.server.createSession", login, openedSession)));
}

async function bringBlobs(old: ApiClient, client: ApiClient, did: string): Promise<void> {
  const pages = await walk((cursor) =>
    old.query("com.atproto.sync.listBlobs", { did, ...given({ cursor, limit: 100 }) }, blobsPage),
  );
  for (const cid of pages.flatMap(({ cids }) => cids)) {
    const bytes = await old.queryBytes("com.atproto.sync.getBlob", { cid, did });
    await client.upload("com.atproto.repo.uploadBlob", "*/*", bytes);
  }
}

/** The old host signs the new host's recommendation unchanged; the result is submitted at the new host. */
async function moveIdentity(old: ApiClient, client: ApiClient, token: string): Promise<void> {
  const recommended = await client.query(
    "com.atproto.identity.getRecommendedDidCredentials",
    {},
    operationInput,
  );
  const operation = await signOperation(old, { ...recommended, token });
  await client.procedure("com.atproto.identity.submitPlcOperation", { operation });
}

/** The fields that goat reads of an operation to be signed; it drops all others. */
export const operationInput = struct({
  alsoKnownAs: list(string),
  rotationKeys: list(string),
  services: pointer(raw),
  token: pointer(string),
  verificationMethods: pointer(raw),
});

export type OperationInput = ReturnType<typeof operationInput>;

export async function signOperation(client: ApiClient, wanted: OperationInput): Promise<unknown> {
  const { alsoKnownAs, rotationKeys, services, token, verificationMethods } = wanted;
  const input = {
    ...(alsoKnownAs.length === 0 ? {} : { alsoKnownAs }),
    ...(rotationKeys.length === 0 ? {} : { rotationKeys }),
    ...(services === null ? {} : { services }),
    ...(token === null ? {} : { token }),
    ...(verificationMethods === null ? {} : { verificationMethods }),
  };
  const signed = struct({ operation: pointer(raw) });
  return must(await client.procedure("com.atproto.identity.signPlcOperation", input, signed)).operation;
}

/** goat dereferences these answers without a nil check. */
export function must<T>(value: T | null): T {
  if (value === null) throw new Error("nil pointer dereference");
  return value;
}
