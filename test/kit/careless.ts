/** A test run that never disposes of its networks, for `run.ts`: argument `SIGKILL` (waits for it), `exit` or `throw`. */
import { createTestNetwork } from "../../local/testing/index.ts";

const network = await createTestNetwork({ hosts: ["a", "b"] });
await network.account("alice");
const firehose = network.firehose();
await firehose.next();
console.log("ready");
if (process.argv[2] === "SIGKILL") setInterval(() => {}, 1000);
if (process.argv[2] === "throw") throw new Error("a test that fails");
// Otherwise nothing keeps this process: neither the runtimes nor the open firehose.
