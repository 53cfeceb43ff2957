/**
 * Starts exactly what was uploaded: its modules, with the date, the flags and the bindings that the upload
 * declares, on an address at workers.dev. Nothing local is added. Fetches go to an internet that has a did:plc
 * directory and nothing else.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import type * as MiniflareModule from "miniflare";
import { readOutsideModules } from "../../tools/dev/bundle.ts";
import { LOOPBACK, randomPort } from "../../tools/dev/ports.ts";
import type { Account, Worker } from "./cloudflare/account.ts";
import type { UploadedBinding } from "./cloudflare/upload.ts";

const readMiniflare = () => createRequire(import.meta.url)("miniflare") as typeof MiniflareModule;

/** Stands where Cloudflare's front does: it passes a request on under the address that it was sent to. */
const FRONT = `export default {
  fetch(request, env) {
    const headers = new Headers(request.headers);
    const target = headers.get("x-target");
    headers.delete("x-target");
    // Node says that a script fetches.
    headers.delete("sec-fetch-mode");
    const { method, body } = request;
    return env.HOST.fetch(new Request(target, { method, headers, body, redirect: "manual" }));
  },
};`;

/** What runs on in an account: its databases and buckets outlive each deploy. */
export interface Serving {
  /** `https://atoll.acme.workers.dev` */
  readonly origin: string;
  /** Asks the Worker; `path` may be an address of another host that leads to it. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Runs one of the Worker's crons. */
  schedule(cron: string): Promise<void>;
  /** Asks a database past the Worker, as the dashboard's console does. */
  query(binding: string, sql: string): Promise<Record<string, unknown>[]>;
  /** Each request that the Worker sent to the internet, as `POST https://bsky.network/…`. */
  readonly outgoing: readonly string[];
  /** What the Worker logged as an error. */
  readonly errors: readonly string[];
  stop(): Promise<void>;
}

/** Folders of the accounts that have been served, for a later deploy. */
export function dataFolder(): { path: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), "atoll-cloud-"));
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export async function serve(account: Account, name: string, data: string): Promise<Serving> {
  const worker = account.workers.get(name);
  if (worker === undefined) throw new Error(`${name} was not deployed`);
  const { Miniflare, convertV4MiniflareOptions } = readMiniflare();
  const origin = `https://${name}.${account.subdomain}.workers.dev`;
  const [port, front] = [await randomPort(), await randomPort()];
  const outgoing: string[] = [];
  const errors: string[] = [];
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: LOOPBACK,
      port: 0,
      cf: false,
      logRequests: false,
      resourcePersistencePath: data,
      handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
        if (level === "error") errors.push(message);
      },
      workers: [
        { ...(await readOutsideModules()), unsafeDirectSockets: [{ host: LOOPBACK, port }] },
        {
          name: "front",
          modules: [{ type: "ESModule" as const, path: "front.mjs", contents: FRONT }],
          compatibilityDate: worker.upload.metadata.compatibility_date,
          serviceBindings: { HOST: name },
          unsafeDirectSockets: [{ host: LOOPBACK, port: front }],
        },
        {
          ...described(name, worker),
          outboundService: (request: Request) => internet(request, port, outgoing),
        },
      ],
    }),
  );
  await runtime.ready;
  const asked = await runtime.getWorker(name);
  return {
    origin,
    outgoing,
    errors,
    fetch(target, init = {}) {
      const headers = new Headers(init.headers);
      headers.set("x-target", new URL(target, origin).href);
      return fetch(`http://${LOOPBACK}:${front}`, { ...init, headers, redirect: "manual" });
    },
    async schedule(cron) {
      const { outcome } = await asked.scheduled({ cron });
      if (outcome !== "ok") throw new Error(`the schedule ${cron} ended as ${outcome}`);
    },
    async query(binding, sql) {
      const database = await runtime.getD1Database(binding, name);
      return (await database.prepare(sql).all<Record<string, unknown>>()).results;
    },
    stop: () => runtime.dispose(),
  };
}

/** The upload in Miniflare's terms. A binding of a kind that nothing here declares is refused. */
function described(name: string, { upload, bindings }: Worker) {
  const { main_module, compatibility_date, compatibility_flags } = upload.metadata;
  const modules = upload.modules
    .filter(({ type }) => type === "application/javascript+module")
    .map((module) => ({ type: "ESModule" as const, path: module.name, contents: module.contents }))
    .toSorted((a, b) => Number(b.path === main_module) - Number(a.path === main_module));
  const known = new Set(["plain_text", "secret_text", "d1", "r2_bucket", "durable_object_namespace"]);
  const strange = bindings.find(({ type }) => !known.has(type));
  if (strange !== undefined) throw new Error(`${strange.name} is a ${strange.type}, which cannot be started`);
  const of = (...types: string[]) => bindings.filter(({ type }) => types.includes(type));
  const byName = <Value>(some: UploadedBinding[], value: (binding: UploadedBinding) => Value) =>
    Object.fromEntries(some.map((binding) => [binding.name, value(binding)]));
  return {
    name,
    modules,
    compatibilityDate: compatibility_date,
    compatibilityFlags: compatibility_flags,
    bindings: byName(of("plain_text", "secret_text"), ({ text = "" }) => text),
    d1Databases: byName(of("d1"), ({ id = "" }) => id),
    r2Buckets: byName(of("r2_bucket"), ({ bucket_name = "" }) => bucket_name),
    durableObjects: byName(of("durable_object_namespace"), ({ class_name: className = "" }) => ({
      className,
      useSQLite: upload.metadata.exports[className]?.storage === "sqlite",
    })),
  };
}

async function internet(request: Request, port: number, outgoing: string[]): Promise<Response> {
  const url = new URL(request.url);
  outgoing.push(`${request.method} ${url.origin}${url.pathname}`);
  if (url.origin !== "https://plc.directory") return new Response("no such host", { status: 530 });
  const body = request.method === "POST" ? { body: await request.text() } : {};
  return fetch(`http://${LOOPBACK}:${port}${url.pathname}`, {
    method: request.method,
    headers: { "content-type": request.headers.get("content-type") ?? "application/json" },
    ...body,
  });
}
