/**
 * A test run that never disposes of its networks, for `run.ts`. Arguments: a signal (waits for it), `end`,
 * `exit` or `throw`; and a folder.
 */
import { createTestNetwork } from "../../tools/kit/index.ts";

const [, , how = "", folder = ""] = process.argv;
const network = await createTestNetwork({ hosts: ["a", "b"], folder });
await network.account("alice");
const firehose = network.firehose();
await firehose.next();
console.log("ready");
if (how.startsWith("SIG")) setInterval(() => {}, 1000);
if (how === "exit") process.exit(3);
if (how === "throw") throw new Error("a test that fails");
// Nothing else keeps this process alive: neither the runtimes nor the open firehose.
