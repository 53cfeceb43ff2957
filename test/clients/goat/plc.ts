/** `goat account plc …`, through the host, and `goat plc …`, directly at the directory. */
import { didOfClient, type Goat } from "./goat.ts";
import { type OperationInput, operationInput, signOperation } from "./account.ts";
import { USER_AGENT } from "./directory.ts";
import { send } from "./http.ts";
import { bool, list, map, marshal, pointer, raw, string, struct, unmarshal } from "./json.ts";

const services = map(struct({ type: string, endpoint: string }));

const plcData = struct({
  did: string,
  verificationMethods: map(string),
  rotationKeys: list(string),
  alsoKnownAs: list(string),
  services,
});

const regularOperation = struct({
  type: string,
  rotationKeys: list(string),
  verificationMethods: map(string),
  alsoKnownAs: list(string),
  services,
  prev: pointer(string),
  sig: pointer(string),
});

type RegularOperation = ReturnType<typeof regularOperation>;

/** A GET by a command that sets no headers. */
async function ask(goat: Goat, path: string, headers: Record<string, string> = {}): Promise<string> {
  const url = new URL(path, goat.directory.plc);
  const { status, body } = await send({ method: "GET", url, headers });
  if (status !== 200) throw new Error(`PLC HTTP request failed: ${status}`);
  return body.toString();
}

/** `goat account plc recommended` */
export async function recommended(goat: Goat): Promise<unknown> {
  const client = await goat.client();
  return client.query("com.atproto.identity.getRecommendedDidCredentials", {}, raw);
}

/** `goat account plc request-token` */
export async function requestToken(goat: Goat): Promise<void> {
  await (await goat.client()).plainProcedure("com.atproto.identity.requestPlcOperationSignature");
}

/** `goat account plc sign <json-file> [--token …]`: prints the operation. */
export async function sign(goat: Goat, file: string, token?: string): Promise<string> {
  const wanted = unmarshal(operationInput, file);
  const client = await goat.client();
  return marshal(await signOperation(client, { ...wanted, token: token ?? wanted.token }));
}

/** `goat account plc submit <json-file>`: reads the operation and serializes it again. */
export async function submit(goat: Goat, file: string): Promise<void> {
  const client = await goat.client();
  const operation = unmarshal(regularOperation, file);
  if (operation.type !== "plc_operation") throw new Error(`unexpected operation type: ${operation.type}`);
  if (operation.prev === null) throw new Error("can't submit a genesis operation via PDS");
  if (operation.sig === null || operation.sig === "") throw new Error("operation must be signed");
  await client.procedure("com.atproto.identity.submitPlcOperation", { operation });
}

/** `goat account plc current` */
export async function current(goat: Goat) {
  return data(goat, didOfClient(await goat.client()));
}

/** `goat plc data <at-identifier>` */
export async function data(goat: Goat, identifier: string) {
  return unmarshal(plcData, await ask(goat, `/${await goat.didOf(identifier)}/data`));
}

/** `goat account plc add-rotation-key <pubkey> [--token …] [--first]` */
export async function addRotationKey(
  goat: Goat,
  key: string,
  { token, first = false }: { token: string; first?: boolean },
): Promise<void> {
  const client = await goat.client();
  const { did: _, ...now } = await data(goat, didOfClient(client));
  if (now.rotationKeys.includes(key)) throw new Error("key already registered as a rotation key");
  const rotationKeys = first ? [key, ...now.rotationKeys] : [...now.rotationKeys, key];
  const wanted: OperationInput = { ...now, rotationKeys, token };
  const operation = await signOperation(client, wanted);
  await client.procedure("com.atproto.identity.submitPlcOperation", { operation });
}

/** `goat plc history <at-identifier>` */
export async function history(goat: Goat, identifier: string) {
  return unmarshal(list(map(raw)), await ask(goat, `/${await goat.didOf(identifier)}/log`));
}

const auditLog = list(
  struct({ did: string, operation: regularOperation, cid: string, nullified: bool, createdAt: string }),
);

/** `goat plc update <did> …`: the newest operation, for changing, signing and submitting. */
export async function update(goat: Goat, did: string, change: (op: RegularOperation) => RegularOperation) {
  const log = unmarshal(
    auditLog,
    await ask(goat, `/${did}/log/audit`, { "User-Agent": "go-did-method-plc" }),
  );
  const newest = log.at(-1);
  if (newest === undefined) throw new Error("can't verify empty operation log");
  return change({ ...newest.operation, sig: null, prev: newest.cid });
}

/** `goat plc submit --did … <json-file>`: the length of this body is known. */
export async function submitDirectly(goat: Goat, did: string, operation: RegularOperation): Promise<void> {
  const { status, body } = await send({
    method: "POST",
    url: new URL(`/${did}`, goat.directory.plc),
    headers: { "User-Agent": USER_AGENT, "Content-Type": "application/json" },
    body: Buffer.from(marshal(operation)),
    sized: true,
  });
  if (status !== 200) throw new Error(`failed did:plc operation submission: ${status} ${body.toString()}`);
}

/** `goat plc dump`: every operation of the directory, in batches. A batch begins where the last one ended. */
export async function dump(goat: Goat, batch = 1000): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  for (let cursor = "", last = ""; ; last = cursor) {
    const after = cursor === "" ? "" : `after=${encodeURIComponent(cursor)}&`;
    const text = await ask(goat, `/export?${after}count=${batch}`, { "User-Agent": USER_AGENT });
    for (const line of text.split("\n").filter((one) => one.length >= 2)) {
      const operation = unmarshal(map(raw), line);
      if (typeof operation.createdAt !== "string") throw new Error("missing createdAt in PLC op log");
      cursor = operation.createdAt;
      if (cursor !== last) all.push(operation);
    }
    if (text === "" || cursor === last) return all;
  }
}
