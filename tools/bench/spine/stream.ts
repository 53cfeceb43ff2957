/** Measures of the firehose and of blobs. */
import { randomBytes } from "node:crypto";
import { textIn, isObject, type Reply } from "../client.ts";
import { cpuPerThousand, percentile, perSecond, runLoad } from "../load.ts";
import { ONE_ATOLL, cpuMsEach, type Measure } from "../measure.ts";
import { createRecord } from "./write.ts";
import { makeRecord, tidAt } from "../records.ts";
import { Consumer, Watcher, drained } from "../sockets.ts";

const SUBSCRIBE = "/xrpc/com.atproto.sync.subscribeRepos";

const latency: Measure = {
  group: "firehose",
  title: "firehose, repo of 1000: write to frame at a subscriber",
  figures: {
    p50: { label: "p50", unit: "ms", better: "less", goals: { plain: 6, indexed: 6 } },
    p99: { label: "p99", unit: "ms", better: "less", goals: { plain: 25, indexed: 25 } },
  },
  async run(stage) {
    const member = await stage.member("firehose", 1000);
    const watcher = new Watcher();
    const consumer = await Consumer.open(stage.target.client.origin, SUBSCRIBE, watcher.take);
    await new Promise((resolve) => setTimeout(resolve, 200));
    let number = 0;
    const step = async () => {
      // The frame is recognised by this key.
      const rkey = tidAt(Date.now(), number++);
      const { collection } = stage;
      const input = { repo: member.did, collection, rkey, record: makeRecord(stage.kind, number) };
      const seen = watcher.seen(rkey);
      const begun = performance.now();
      await member.xrpc.procedure("com.atproto.repo.createRecord", input);
      return { ms: (await seen) - begun };
    };
    await runLoad(null, 1, 10, step);
    const load = await runLoad(stage.pid(), 1, stage.plan.writes, step);
    consumer.close();
    return { p50: percentile(load.ms, 0.5), p99: percentile(load.ms, 0.99) };
  },
};

const subscribers: Measure = {
  group: "subscribers",
  title: "firehose with 100 subscribers, one writer",
  columns: ONE_ATOLL,
  figures: {
    cpu: { label: "CPU per 1,000 writes", unit: "s", better: "less", goals: { plain: 12 } },
    p50: { label: "write p50", unit: "ms", better: "less" },
  },
  async run(stage) {
    const member = await stage.member("firehose", 1000);
    const { origin } = stage.target.client;
    const all = Array.from({ length: stage.plan.subscribers }, () => Consumer.open(origin, SUBSCRIBE));
    const consumers = await Promise.all(all);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await runLoad(null, 1, 10, () => createRecord(stage, member));
    const load = await runLoad(stage.pid(), 1, stage.plan.writes, () => createRecord(stage, member));
    const equal = await drained(consumers, 10_000);
    for (const consumer of consumers) consumer.close();
    if (!equal) throw new Error("the subscribers did not all receive the same");
    return { cpu: cpuPerThousand(load), p50: percentile(load.ms, 0.5) };
  },
};

const BLOB_BYTES = 1_000_000;

function blobOf(reply: Reply): unknown {
  const value: unknown = JSON.parse(reply.body.toString("utf8"));
  return isObject(value) ? value["blob"] : undefined;
}

function cidOf(blob: unknown): string {
  const ref = isObject(blob) ? blob["ref"] : undefined;
  const link = isObject(ref) ? ref["$link"] : undefined;
  if (typeof link !== "string") throw new Error("the blob has no CID");
  return link;
}

const blobs: Measure = {
  group: "blobs",
  title: "blobs of 1 MB, four clients",
  columns: ONE_ATOLL,
  figures: {
    up: { label: "uploadBlob", unit: "/s", better: "more" },
    upCpu: { label: "uploadBlob, CPU each", unit: "ms", better: "less" },
    down: { label: "getBlob", unit: "/s", better: "more" },
    downCpu: { label: "getBlob, CPU each", unit: "ms", better: "less" },
  },
  async run(stage) {
    const member = await stage.member("blobs", 0);
    const contents = Array.from({ length: stage.plan.blobs }, () => randomBytes(BLOB_BYTES));
    const kept: unknown[] = [];
    const up = await runLoad(stage.pid(), 4, contents.length, async (index) => {
      const body = contents[index] ?? Buffer.alloc(0);
      const reply = await member.xrpc.upload("com.atproto.repo.uploadBlob", body, "application/octet-stream");
      kept.push(blobOf(reply));
      return reply;
    });
    // A blob is served only if a record refers to it.
    const record = { $type: "com.example.attachment", blobs: kept };
    const input = { repo: member.did, collection: "com.example.attachment", record };
    textIn(await member.xrpc.procedure("com.atproto.repo.createRecord", input), "uri");
    const cids = kept.map(cidOf);
    const down = await runLoad(stage.pid(), 4, contents.length * 4, (index) => {
      const cid = cids[index % cids.length] ?? "";
      return member.xrpc.query("com.atproto.sync.getBlob", { did: member.did, cid }, { discard: true });
    });
    return {
      up: perSecond(up),
      upCpu: cpuMsEach(up.cpu, up.ms.length),
      down: perSecond(down),
      downCpu: cpuMsEach(down.cpu, down.ms.length),
    };
  },
};

export function streamMeasures(): Measure[] {
  return [latency, subscribers, blobs];
}
