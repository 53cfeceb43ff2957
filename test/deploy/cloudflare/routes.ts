/**
 * What the API answers, route by route: just those that wrangler and `npm run deploy` call. Paths, shapes and
 * codes are those that wrangler 4.155 sends and understands, and that the documentation's list of error codes
 * has; docs/deploy-calls.md says of each what it rests on.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { Account, Right, Worker } from "./account.ts";
import { ApiFailure, unauthorised } from "./answers.ts";
import { bindingsAfter, readUpload } from "./upload.ts";

export interface ApiRequest {
  account: Account;
  /** The path's variable parts. */
  parts: string[];
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Uint8Array;
}

type Answer = (request: ApiRequest) => unknown;

/** Routes within an account; `*` stands for one part of the path. */
export const ROUTES: Record<string, { right: Right | null; answer: Answer }> = {
  "GET /workers/subdomain": { right: "scripts", answer: subdomain },
  "GET /workers/services/*": { right: "scripts", answer: service },
  "GET /workers/workers/*": {
    right: "scripts",
    answer: (request) => ({ subdomain: { enabled: workerOf(request).isOnWorkersDev } }),
  },
  "GET /workers/scripts/*/settings": {
    right: "scripts",
    answer: (request) => ({ bindings: workerOf(request).bindings.map(withoutText) }),
  },
  "GET /workers/scripts/*/deployments": {
    right: "scripts",
    answer: (request) => ({ deployments: deploymentsOf(workerOf(request)) }),
  },
  "PUT /workers/scripts/*": { right: "scripts", answer: deploy },
  "POST /workers/scripts/*/subdomain": { right: "scripts", answer: setSubdomain },
  "PUT /workers/scripts/*/schedules": { right: "scripts", answer: setSchedules },
  "GET /workers/scripts/*/secrets": { right: "scripts", answer: secrets },
  "PUT /workers/scripts/*/secrets": { right: "scripts", answer: putSecret },
  "GET /d1/database": { right: "d1", answer: ({ account }) => account.databases },
  "GET /d1/database/*": { right: "d1", answer: database },
  "POST /d1/database": { right: "d1", answer: createDatabase },
  "GET /r2/buckets": { right: "r2", answer: ({ account }) => ({ buckets: withR2(account).buckets }) },
  "GET /r2/buckets/*": { right: "r2", answer: bucket },
  "POST /r2/buckets": { right: "r2", answer: createBucket },
};

function subdomain({ account }: ApiRequest): unknown {
  if (account.subdomain === null)
    throw new ApiFailure(404, 10007, "You do not have a workers.dev subdomain.");
  return { subdomain: account.subdomain };
}

function workerOf({ account, parts: [name = ""] }: ApiRequest): Worker {
  const worker = account.workers.get(name);
  if (worker === undefined) throw new ApiFailure(404, 10007, "This Worker does not exist on your account.");
  return worker;
}

function service(request: ApiRequest): unknown {
  const { tag } = workerOf(request);
  const script = { id: request.parts[0], tag, tags: [], last_deployed_from: "wrangler" };
  return { id: request.parts[0], default_environment: { environment: "production", script } };
}

/** A secret's text never leaves. */
const withoutText = ({ text, type, ...rest }: { text?: string; type: string }) =>
  type === "secret_text" ? { type, ...rest } : { type, ...rest, text };

const deploymentsOf = ({ versions }: Worker) =>
  versions.toReversed().map((version_id) => ({
    id: version_id,
    strategy: "percentage",
    versions: [{ version_id, percentage: 100 }],
  }));

async function deploy({ account, parts: [name = ""], headers, body }: ApiRequest): Promise<unknown> {
  const upload = await readUpload(body, headers["content-type"] ?? "");
  const before = account.workers.get(name);
  const bindings = bindingsAfter(account, upload, before);
  const version = randomUUID();
  account.workers.set(name, {
    tag: before?.tag ?? randomBytes(16).toString("hex"),
    upload,
    bindings,
    versions: [...(before?.versions ?? []), version],
    crons: before?.crons ?? [],
    isOnWorkersDev: before?.isOnWorkersDev ?? false,
  });
  return {
    id: name,
    etag: randomBytes(16).toString("hex"),
    deployment_id: version.replaceAll("-", ""),
    startup_time_ms: 40,
  };
}

const json = <Shape>(body: Uint8Array) => JSON.parse(Buffer.from(body).toString("utf8")) as Shape;

function setSubdomain(request: ApiRequest): unknown {
  if (request.account.subdomain === null)
    throw new ApiFailure(403, 10063, "A workers.dev subdomain is required.");
  const { enabled } = json<{ enabled: boolean }>(request.body);
  workerOf(request).isOnWorkersDev = enabled;
  return { enabled, previews_enabled: enabled };
}

function setSchedules(request: ApiRequest): unknown {
  const crons = json<{ cron: string }[]>(request.body).map(({ cron }) => cron);
  if (crons.length > 5) throw new ApiFailure(400, 10072, "You have reached the limit of 5 cron triggers.");
  workerOf(request).crons = crons;
  return { schedules: crons.map((cron) => ({ cron })) };
}

function secrets(request: ApiRequest): unknown {
  const all = workerOf(request).bindings.filter(({ type }) => type === "secret_text");
  return all.map(({ name, type }) => ({ name, type }));
}

function putSecret(request: ApiRequest): unknown {
  const worker = workerOf(request);
  const { name, text } = json<{ name: string; text: string }>(request.body);
  worker.bindings = [
    ...worker.bindings.filter((binding) => binding.name !== name),
    { name, type: "secret_text", text },
  ];
  worker.versions.push(randomUUID());
  return { name, type: "secret_text" };
}

function database({ account, parts: [nameOrId = ""] }: ApiRequest): unknown {
  const one = account.database(nameOrId);
  if (one === undefined) throw new ApiFailure(404, 7404, `The database ${nameOrId} could not be found.`);
  return one;
}

/** A free account may have ten. */
const DATABASES = 10;

function createDatabase({ account, body }: ApiRequest): unknown {
  const { name, ...where } = json<{ name: string; primary_location_hint?: string; jurisdiction?: string }>(
    body,
  );
  if (account.database(name) !== undefined)
    throw new ApiFailure(400, 7502, `Database with name '${name}' already exists.`);
  if (account.databases.length >= DATABASES)
    throw new ApiFailure(400, 7406, "You have reached the maximum number of databases.");
  return account.addDatabase(name, where);
}

function withR2(account: Account): Account {
  if (!account.hasR2) throw new ApiFailure(403, 10042, "Please enable R2 through the Cloudflare Dashboard.");
  return account;
}

const JURISDICTION = "cf-r2-jurisdiction";

function bucket({ account, parts: [name = ""], headers }: ApiRequest): unknown {
  const one = withR2(account).bucket(name, headers[JURISDICTION] ?? null);
  if (one === undefined) throw new ApiFailure(404, 10006, "The specified bucket does not exist.");
  return one;
}

function createBucket({ account, headers, body }: ApiRequest): unknown {
  const { name } = json<{ name: string }>(body);
  const jurisdiction = headers[JURISDICTION] ?? null;
  if (withR2(account).bucket(name, jurisdiction) !== undefined)
    throw new ApiFailure(409, 10004, "The bucket you tried to create already exists, and you own it.");
  account.buckets.push({ name, jurisdiction });
  return { name };
}

/** Whether the token may use the route; what it may not is answered as the API does. */
export function assertRight(account: Account, right: Right | null): void {
  if (right !== null && !account.rights.has(right)) throw unauthorised();
}
