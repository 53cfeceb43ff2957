// The reference PDS, in a process of its own, under the Node it was built for; configured by PDS_* variables.
// argument: the folder that it is installed in
import { pathToFileURL } from "node:url";

const { PDS } = await import(
  pathToFileURL(`${process.argv[2]}/node_modules/@atproto/pds/dist/index.js`).href
);
const pds = await PDS.fromEnv();
await pds.start();
