/** `npm run doctor`: has a host examine what it keeps, and says what was found. */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Report } from "../../src/lifecycle/doctor/status.ts";
import { originOf } from "../dev/origin.ts";
import { LaunchError } from "../dev/ports.ts";
import { XrpcError } from "../dev/xrpc-client.ts";
import { HostApi } from "./host-api.ts";

const USAGE = `
Has a host compare all that it keeps with what it should be: repos, pictures and videos, the directory, the index.
It mends what can be derived, and says what it cannot. The host does this by itself each week.

  npm run doctor -- --host <host>            examines, and waits for the end
  npm run doctor -- --host <host> --last     what was found last

The admin's password comes from ADMIN_PASSWORD. Ends with 0 if everything is whole or mended, else with 2.
`;

/** How long to wait while the host's schedule makes a step itself. */
const PAUSE_MS = 1_000;
const NAMESPACE = "internal.atoll.doctor";

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    return await run(process.argv.slice(2));
  } catch (thrown) {
    if (!(thrown instanceof LaunchError || thrown instanceof XrpcError)) throw thrown;
    console.error(thrown.message);
    return 1;
  }
}

async function run(args: string[]): Promise<number> {
  const { host, last, help } = optionsIn(args);
  const password = process.env.ADMIN_PASSWORD;
  if (help || host === undefined || password === undefined) {
    console.log(USAGE);
    if (help) return 0;
    throw new LaunchError(host === undefined ? "--host is missing." : "ADMIN_PASSWORD is missing.");
  }
  const api = new HostApi(originOf(host), password);
  const report = last
    ? (await api.query<{ report: Report | null }>(`${NAMESPACE}.getReport`)).report
    : await examine(api);
  if (report === null) {
    console.log("Nothing was examined yet.");
    return 0;
  }
  print(report);
  return report.more === 0 && report.findings.every(({ mended }) => mended) ? 0 : 2;
}

function optionsIn(args: string[]) {
  const flag = { type: "boolean", default: false } as const;
  const options = { host: { type: "string" }, last: flag, help: flag } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (thrown) {
    throw new LaunchError(`${thrown instanceof Error ? thrown.message : String(thrown)}\n${USAGE}`);
  }
}

async function examine(api: HostApi): Promise<Report | null> {
  await api.send(`${NAMESPACE}.start`, {});
  for (let before = "", said = 0; ;) {
    const { report } = await api.send<{ report: Report | null }>(`${NAMESPACE}.step`, {});
    if (report === null || report.endedAt !== null) return report;
    if (report.error !== null) console.error(`It does not get on: ${report.error}. It is tried again.`);
    if (report.accounts >= said + 100) console.log(`${(said = report.accounts)} accounts`);
    // The schedule may be making a step at the same time.
    const now = JSON.stringify(report);
    if (now === before) await wait(PAUSE_MS);
    before = now;
  }
}

function print({ accounts, findings, more, cost, endedAt }: Report): void {
  for (const { did, handle, mended, found, mend } of findings) {
    console.log(`${mended ? " " : "!"} ${handle === null ? did : `@${handle} (${did})`}\n  ${found}`);
    if (mend !== null) console.log(`  ${mend}`);
  }
  if (more > 0) console.log(`! And ${more} more.`);
  const { calls, statements, records, files, bytes } = cost;
  console.log(
    `${accounts} accounts: ${findings.length === 0 ? "everything is whole" : `${findings.length} findings`}` +
      `${endedAt === null ? " so far" : ""}. Looked at ${records} records and ${files} files ` +
      `(${(bytes / 1e6).toFixed(1)} MB), by ${calls} calls and ${statements} statements.`,
  );
}
