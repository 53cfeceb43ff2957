/** The bindings of the test run, typed. */
import { env } from "cloudflare:workers";
import type { Bindings } from "../../src/protocol/stations.ts";

export const bindings: Bindings & { BLOBS: R2Bucket } = env as never;

let made = 0;

/** Makes a well-formed DID that no other test has. */
export function newDid(): `did:plc:${string}` {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  const random = crypto.getRandomValues(new Uint8Array(24));
  return `did:plc:${[...random].map((byte) => letters[byte & 31]).join("")}`;
}

export const newHandle = () => `member-${made++}.test` as const;

/** Expects a refusal; returns its error name and message. */
export async function refusalOf(work: Promise<unknown>): Promise<{ error: string; message: string }> {
  try {
    await work;
  } catch (thrown) {
    if (typeof thrown === "object" && thrown !== null && "error" in thrown) {
      return { error: String(thrown.error), message: thrown instanceof Error ? thrown.message : "" };
    }
    throw thrown;
  }
  return { error: "(none)", message: "" };
}

/** The URL of a call of a fake fetch. */
export const urlOf = (input: RequestInfo | URL): string =>
  typeof input === "string" ? input : input instanceof URL ? input.href : input.url;
