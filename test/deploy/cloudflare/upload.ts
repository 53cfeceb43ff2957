/** A Worker's upload: the form that wrangler sends, read and checked as the API does. */
import type { Account, Worker } from "./account.ts";
import { ApiFailure } from "./answers.ts";

/** The part of a binding that the API goes by. */
export interface UploadedBinding {
  name: string;
  type: string;
  id?: string;
  bucket_name?: string;
  jurisdiction?: string;
  class_name?: string;
  text?: string;
}

export interface UploadedModule {
  name: string;
  type: string;
  contents: string;
}

interface Metadata {
  main_module: string;
  bindings: UploadedBinding[];
  compatibility_date: string;
  compatibility_flags: string[];
  exports: Record<string, { type: string; storage: string }>;
  keep_bindings: string[];
  code_update_strategy?: { mode: string; max_delay?: number };
  observability?: { enabled: boolean; head_sampling_rate?: number };
  placement?: object;
}

export interface Upload {
  metadata: Metadata;
  modules: UploadedModule[];
}

/** All plans take this much, uncompressed (Workers limits, September 2026). */
const SIZE_LIMIT = 64 * 1024 * 1024;

export async function readUpload(body: Uint8Array, contentType: string): Promise<Upload> {
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": contentType },
  }).formData();
  const metadata = form.get("metadata");
  if (typeof metadata !== "string") throw new ApiFailure(400, 10021, "The upload has no metadata.");
  const files = [...form.entries()].flatMap(([name, value]) =>
    typeof value === "string" ? [] : [{ name, file: value }],
  );
  const modules = await Promise.all(
    files.map(async ({ name, file }) => ({ name, type: file.type, contents: await file.text() })),
  );
  const read = JSON.parse(metadata) as Partial<Metadata>;
  return {
    metadata: {
      main_module: "",
      bindings: [],
      compatibility_date: "",
      compatibility_flags: [],
      exports: {},
      keep_bindings: [],
      ...read,
    },
    modules,
  };
}

/** What is bound after the upload. Throws `ApiFailure`, and then nothing has changed. */
export function bindingsAfter(
  account: Account,
  upload: Upload,
  before: Worker | undefined,
): UploadedBinding[] {
  const { metadata, modules } = upload;
  const fail = (code: number, message: string, status = 400) => {
    throw new ApiFailure(status, code, message);
  };
  if (!modules.some(({ name }) => name === metadata.main_module))
    fail(10021, `No such module "${metadata.main_module}".`);
  const size = modules.reduce((sum, { contents }) => sum + Buffer.byteLength(contents), 0);
  if (size > SIZE_LIMIT) fail(10027, "Your Worker exceeded the size limit of 64 MiB.", 413);
  if (metadata.compatibility_date > new Date().toISOString().slice(0, 10))
    fail(10021, `Can't set compatibility date in the future: "${metadata.compatibility_date}".`);
  for (const name of Object.keys(before?.upload.metadata.exports ?? {}))
    if (!(name in metadata.exports))
      fail(100400, `The export ${name} is gone, and its objects would be lost.`);
  const declared = metadata.bindings.map((binding) => checked(account, binding, upload, before));
  const kept = (before?.bindings ?? []).filter(
    ({ name, type }) => metadata.keep_bindings.includes(type) && !declared.some((one) => one.name === name),
  );
  return [...declared, ...kept];
}

function checked(
  account: Account,
  binding: UploadedBinding,
  { metadata }: Upload,
  before: Worker | undefined,
): UploadedBinding {
  const { name, type } = binding;
  if (type === "inherit") {
    const inherited = before?.bindings.find((one) => one.name === name);
    if (inherited === undefined)
      throw new ApiFailure(400, 10021, `There is no binding ${name} to inherit from the version before.`);
    return inherited;
  }
  if (type === "d1" && (binding.id === undefined || account.database(binding.id)?.uuid !== binding.id)) {
    const message = `D1 binding '${name}' references database '${binding.id}' which was not found. Verify the database exists in your account and that the database_id in your configuration is correct.`;
    throw new ApiFailure(400, 10181, message);
  }
  if (type === "r2_bucket" && !account.bucket(binding.bucket_name ?? "", binding.jurisdiction ?? null)) {
    const message = `R2 bucket '${binding.bucket_name}' not found. Verify the bucket name is correct and try again.`;
    throw new ApiFailure(400, 10085, message);
  }
  if (type === "durable_object_namespace" && !((binding.class_name ?? "") in metadata.exports))
    throw new ApiFailure(400, 10061, `Cannot create binding for class '${binding.class_name}'.`);
  return binding;
}
