/**
 * One cold start in its own process. It prints the seconds from the start of the process to the host's first
 * answer.
 */
import { startHost } from "../../dev/host.ts";

const dataDir = process.argv[2];
if (dataDir === undefined) throw new Error("usage: cold-start.ts <data folder>");
const host = await startHost({ dataDir });
const response = await fetch(`${host.origin}/xrpc/com.atproto.server.describeServer`);
if (!response.ok) throw new Error(`describeServer: ${response.status}`);
// performance.now() counts from the start of the process.
console.log((performance.now() / 1000).toFixed(3));
await host.stop();
