/** `npm run restore`: the way back from a backup. */
import { originOf } from "../dev/origin.ts";
import { LaunchError } from "../dev/ports.ts";
import { XrpcError } from "../dev/xrpc-client.ts";
import { Backup, Damaged } from "./backup.ts";
import { download } from "./download.ts";
import { HostApi } from "./host-api.ts";
import { Journal } from "./journal.ts";
import { type Options, USAGE, readOptions } from "./options.ts";
import { newOwnerKey, readOwnerKey } from "./owner-key.ts";
import { type Report, restore } from "./restore.ts";
import { type Source, folderSource, hostSource, s3Source } from "./source.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    return await run(readOptions(process.argv.slice(2)));
  } catch (thrown) {
    if (thrown instanceof LaunchError || thrown instanceof Damaged) console.error(thrown.message);
    else if (thrown instanceof XrpcError) console.error(`${thrown.message}\nNothing is lost: run it again.`);
    else throw thrown;
    return 1;
  }
}

async function run(options: Options): Promise<number> {
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (options.newKey) {
    const { secret, publicKey } = newOwnerKey();
    console.log(
      `Keep this where the host cannot reach it; nothing opens a backup without it:\n\n  ${secret}\n`,
    );
    console.log(`For the host (page "Backups", or the setting BACKUP_KEY):\n\n  ${publicKey}`);
    return 0;
  }
  const source = sourceOf(given(options.from, "--from"));
  if (options.list) {
    for (const id of await Backup.runs(source)) console.log(id);
    return 0;
  }
  const owner = await readOwnerKey(given(process.env.BACKUP_SECRET, "BACKUP_SECRET"));
  const backup = await Backup.open(source, owner, options.asOf);
  const { run: id, accounts, host } = backup.manifest;
  console.log(`Backup ${id} of ${host.origin}: ${accounts.count} accounts.`);
  if (options.download !== undefined) return copy(backup, options.download);
  const to = new HostApi(given(options.to, "--to"), given(process.env.ADMIN_PASSWORD, "ADMIN_PASSWORD"));
  const report = await restore({
    backup,
    host: to,
    journal: new Journal(options.folder, id, to.origin),
    account: options.account,
    isRehearsal: !options.yes,
    say: (line) => console.log(line),
  });
  print(report, options.yes);
  return report.problems.length === 0 ? 0 : 2;
}

function given(value: string | undefined, name: string): string {
  if (value === undefined || value === "") throw new LaunchError(`${name} is missing.\n${USAGE}`);
  return value;
}

function sourceOf(from: string): Source {
  if (from.startsWith("host:")) {
    const password = process.env.FROM_ADMIN_PASSWORD ?? process.env.ADMIN_PASSWORD;
    return hostSource(
      new HostApi(originOf(from.slice("host:".length)), given(password, "FROM_ADMIN_PASSWORD")),
    );
  }
  if (/^https?:/.test(from)) return s3Source(from, given(process.env.S3_KEY, "S3_KEY"));
  return folderSource(from);
}

async function copy(backup: Backup, folder: string): Promise<number> {
  const { files, bytes, missing } = await download(backup, folder, () => {});
  console.log(`${files} files, ${(bytes / 1e6).toFixed(1)} MB, are in ${folder}.`);
  for (const cid of missing) console.log(`The blob ${cid} could not be had.`);
  return missing.length === 0 ? 0 : 2;
}

function print({ accounts, rows, records, blobs, problems }: Report, isDone: boolean): void {
  const were = isDone ? "were" : "would be";
  console.log(
    [
      `${accounts.whole} accounts ${were} restored whole, ${accounts.list} listed again, ` +
        `${accounts.replace} set back, ${accounts.leave} left as they are.`,
      `${records} records and ${blobs} blobs ${isDone ? "came along" : "are sound"}.`,
      ...Object.entries(rows).map(([table, count]) => `  ${table}: ${count} rows`),
      ...problems.map((problem) => `! ${problem}`),
      isDone ? "Done." : "Nothing was changed. Add --yes to do it.",
    ].join("\n"),
  );
}
