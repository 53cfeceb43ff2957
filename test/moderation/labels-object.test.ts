/** Sockets of the label stream that wake with what this version did not attach. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { drizzle } from "drizzle-orm/d1";
import { afterEach, expect, test, vi } from "vitest";
import type { LabelsObject } from "../../src/moderation/labels-object.ts";
import { ModerationLabels } from "../../src/moderation/labels.ts";
import { must } from "../../src/protocol/refusal.ts";
import { SUBSCRIBER_HEADER } from "../../src/protocol/stations.ts";
import { HOST_DID, bindings } from "../support/account-host.ts";
import { until } from "../support/sequencer.ts";

const objects: DurableObjectNamespace<LabelsObject> = bindings.LABELS as never;
const labels = new ModerationLabels(bindings.DIRECTORY);
const VICTIM = "192.0.2.1";

afterEach(() => void vi.restoreAllMocks());

interface Listener {
  frames: number;
  closed: number | null;
}

async function listen(object: DurableObjectStub<LabelsObject>, subscriber: string): Promise<Listener> {
  const headers = { upgrade: "websocket", [SUBSCRIBER_HEADER]: subscriber };
  const request = new Request("http://host.test/xrpc/com.atproto.label.subscribeLabels", { headers });
  const socket = must((await object.fetch(request)).webSocket, "socket");
  const listener: Listener = { frames: 0, closed: null };
  socket.addEventListener("message", () => void (listener.frames += 1));
  socket.addEventListener("close", ({ code }) => void (listener.closed = code));
  socket.accept();
  return listener;
}

/** Adds a label, and tells the object. */
async function announce(object: DurableObjectStub<LabelsObject>): Promise<void> {
  const label = {
    src: HOST_DID,
    uri: HOST_DID,
    val: "spoiler",
    cts: new Date().toISOString(),
    sig: new Uint8Array([1]),
  };
  const [first, ...others] = labels.adding([label]);
  await drizzle(bindings.DIRECTORY).batch([must(first, "statement"), ...others]);
  await object.announce();
}

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["a number", 7],
  ["a text", "7"],
  ["a list", [7]],
  ["an object without a seq", {}],
  ["a seq in words", { seq: "7" }],
  ["a seq below zero", { seq: -1 }],
  ["a seq that is no number", { seq: Number.NaN }],
  ["half a seq", { seq: 0.5 }],
  ["a large seq of another kind", { seq: 7n }],
])("a socket that carries %s is told to come back", async (what, attached) => {
  const object = objects.getByName(what);
  const [bystander, victim] = [await listen(object, "192.0.2.2"), await listen(object, VICTIM)];
  await runInDurableObject(object, (_, state) => {
    for (const socket of state.getWebSockets(VICTIM)) socket.serializeAttachment(attached);
  });
  await evictDurableObject(object, { webSockets: "hibernate" });
  await announce(object);
  await until(() => bystander.frames === 1 && victim.closed !== null);
  expect([bystander, victim]).toEqual([
    { frames: 1, closed: null },
    { frames: 0, closed: 1012 },
  ]);
});

test("a socket whose attachment the runtime cannot read is told to come back", async () => {
  const object = objects.getByName("unreadable");
  const all = [await listen(object, "192.0.2.2"), await listen(object, VICTIM)];
  await evictDurableObject(object, { webSockets: "hibernate" });
  vi.spyOn(WebSocket.prototype, "deserializeAttachment").mockImplementationOnce(() => {
    throw new DOMException("Unable to deserialize cloned data", "DataCloneError");
  });
  await announce(object);
  await until(() => all.some(({ frames }) => frames === 1) && all.some(({ closed }) => closed !== null));
  expect(all).toContainEqual({ frames: 1, closed: null });
  expect(all).toContainEqual({ frames: 0, closed: 1012 });
});
