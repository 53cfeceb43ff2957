/** The command line of `npm run restore`. */
import path from "node:path";
import { parseArgs } from "node:util";
import { originOf } from "../dev/origin.ts";
import { LaunchError } from "../dev/ports.ts";
import { ROOT } from "../dev/wrangler-file.ts";

export const USAGE = `
Restores a host from its backup: everything, or one account. Looks first, and changes nothing without --yes.

  npm run restore -- --from <where> --to <host>                     what would happen
  npm run restore -- --from <where> --to <host> --yes               does it; run it again if it was cut
  npm run restore -- --from <where> --download <folder>             a copy of your own

  --from <where>         a folder; https://endpoint/bucket/folder of S3 (key: S3_KEY=id:secret);
                         or host:<host>, if the host that made the backup still answers
  --to <host>            the host that takes it: the same, or a fresh one at another address
  --account <did>        this account alone: its repo goes back to what it was
  --as-of <day>          the last backup by the end of that day, YYYY-MM-DD (UTC); default: the last one
  --list                 which backups there are
  --download <folder>    copies the backup, pictures included, to a folder
  --folder <path>        where it notes what it has begun        (default: .atoll/restores)
  --yes                  does it
  --new-key              makes a key for backups, and shows both halves once

The owner's key comes from BACKUP_SECRET, the admin's password of --to from ADMIN_PASSWORD, and that of
host: in --from from FROM_ADMIN_PASSWORD (default: the same).
`;

export interface Options {
  from?: string;
  to?: string;
  account?: string;
  asOf?: string;
  download?: string;
  folder: string;
  list: boolean;
  yes: boolean;
  newKey: boolean;
  help: boolean;
}

/** Refuses invalid options with a `LaunchError`. */
export function readOptions(args: string[]): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    from: text,
    to: text,
    account: text,
    "as-of": text,
    download: text,
    folder: text,
    list: flag,
    yes: flag,
    "new-key": flag,
    help: flag,
  };
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (thrown) {
    throw new LaunchError(`${thrown instanceof Error ? thrown.message : String(thrown)}\n${USAGE}`);
  }
  const { "as-of": asOf, "new-key": newKey, folder, from, to, account, download, list, yes, help } = values;
  if (asOf !== undefined && !/^\d{4}-?\d\d-?\d\d(T\d{6}Z)?$/.test(asOf)) {
    throw new LaunchError(`--as-of ${asOf}: write the day as 2026-11-30`);
  }
  return {
    folder: path.resolve(ROOT, folder ?? ".atoll/restores"),
    list,
    yes,
    newKey,
    help,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to: originOf(to) }),
    ...(account !== undefined && { account }),
    ...(asOf !== undefined && { asOf }),
    ...(download !== undefined && { download: path.resolve(download) }),
  };
}
