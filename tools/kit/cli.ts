#!/usr/bin/env node
/** The command `npx atoll-host …`. */
import { USAGE, devNetwork, isExpected } from "./dev-network.ts";

const [command, ...rest] = process.argv.slice(2);
try {
  if (command === "dev-network") await devNetwork(rest);
  else if (command === undefined || command === "help" || command === "--help") console.log(USAGE);
  else {
    console.error(`atoll-host has no command ${JSON.stringify(command)}.\n\n${USAGE}`);
    process.exitCode = 1;
  }
} catch (thrown) {
  if (!isExpected(thrown)) throw thrown;
  console.error(thrown.message);
  process.exit(1);
}
