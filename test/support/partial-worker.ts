/// <reference types="vite/client" />
/** While stations are still being written: the worker with what stands so far. */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

const found: Record<string, Record<string, unknown>> = import.meta.glob(
  [
    "../../src/account/object.ts",
    "../../src/sequencer/object.ts",
    "../../src/appview/entrypoint.ts",
    "../../src/lifecycle/entrypoint.ts",
    "../../src/identity/labels-object.ts",
  ],
  { eager: true },
);
class NoObject extends DurableObject {}
class NoEntrypoint extends WorkerEntrypoint {}
export const AccountObject = found["../../src/account/object.ts"]?.AccountObject ?? NoObject;
export const SequencerObject =
  found["../../src/sequencer/object.ts"]?.SequencerObject ?? class extends NoObject {};
export const LabelsObject =
  found["../../src/identity/labels-object.ts"]?.LabelsObject ?? class extends NoObject {};
export const AppView = found["../../src/appview/entrypoint.ts"]?.AppView ?? NoEntrypoint;
export const Lifecycle =
  found["../../src/lifecycle/entrypoint.ts"]?.Lifecycle ?? class extends NoEntrypoint {};
export default { fetch: () => new Response("partial worker", { status: 501 }) };
