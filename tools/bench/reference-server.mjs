// Runs the reference PDS in its own process, under the Node it was built for. PDS_* variables configure it.
// Argument: the folder of its installation.
import { pathToFileURL } from "node:url";

const { PDS } = await import(
  pathToFileURL(`${process.argv[2]}/node_modules/@atproto/pds/dist/index.js`).href
);
const pds = await PDS.fromEnv();
await pds.start();
