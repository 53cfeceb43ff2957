/** The command line of `npm run migrate`. */
import path from "node:path";
import { parseArgs } from "node:util";
import { DEFAULT_PORT } from "../dev/configuration.ts";
import { originOf } from "../dev/origin.ts";
import { LaunchError } from "../dev/ports.ts";
import { ROOT, readWranglerFile } from "../dev/wrangler-file.ts";

export const USAGE = `
Moves an account from one host to another: records, pictures, preferences, identity, followers.
Asks for what it needs; nothing is final before the step "identity", and it says so there.

  npm run migrate                        asks everything
  npm run migrate -- --undo              the way back, of a move that was begun

  --from <host>          where the account is          (moving out: this host)
  --to <host>            where it goes                 (default: this host)
  --account <handle>     which account; a DID will do
  --handle <handle>      its handle at the new host
  --email <address>      its address at the new host
  --invite <code>        where the new host asks for one
  --code <code>          that was mailed to you; else it is asked for
  --rotation-key <key>   did:key that you hold, to come first among those of your DID
  --plc <origin>         PLC directory                 (default: https://plc.directory, or the local one)
  --folder <path>        what is kept meanwhile        (default: .atoll/moves)
  --check                only looks whether it would work
  --yes                  asks nothing: what is missing ends the run, and another run goes on
  --undo                 goes back

Passwords come from OLD_PASSWORD and NEW_PASSWORD, or are asked for.
`;

export interface Options {
  from?: string;
  to?: string;
  account?: string;
  handle?: string;
  email?: string;
  invite?: string;
  code?: string;
  rotationKey?: string;
  plc?: string;
  folder: string;
  check: boolean;
  yes: boolean;
  undo: boolean;
  help: boolean;
  oldPassword?: string;
  newPassword?: string;
}

/** Refuses invalid options with a `LaunchError`. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    from: text,
    to: text,
    account: text,
    handle: text,
    email: text,
    invite: text,
    code: text,
    "rotation-key": text,
    plc: text,
    folder: text,
    check: flag,
    yes: flag,
    undo: flag,
    help: flag,
  };
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (thrown) {
    throw new LaunchError(`${thrown instanceof Error ? thrown.message : String(thrown)}\n${USAGE}`);
  }
  const { folder, from, to, plc, "rotation-key": rotationKey, ...others } = values;
  return {
    ...given({ from: from && originOf(from), to: to && originOf(to), plc: plc && originOf(plc) }),
    ...given({ rotationKey, oldPassword: env.OLD_PASSWORD, newPassword: env.NEW_PASSWORD }),
    ...given(others),
    check: values.check,
    yes: values.yes,
    undo: values.undo,
    help: values.help,
    folder: path.resolve(ROOT, folder ?? ".atoll/moves"),
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Drops undefined values. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

/** The origin of this tree's host: as deployed, else as `npm start` serves it. */
export function thisHost(env: NodeJS.ProcessEnv): string {
  const deployed = env.PUBLIC_URL || readWranglerFile().vars["PUBLIC_URL"];
  return typeof deployed === "string" && deployed !== ""
    ? originOf(deployed)
    : `http://localhost:${env.PORT || DEFAULT_PORT}`;
}

const LOCAL = /^http:\/\/localhost(:|$)/;

/** A local host's directory listens at the port below the host's; all others use the public one. */
export function directoryFor(origins: string[], own: string): string {
  if (!origins.some((origin) => LOCAL.test(origin))) return "https://plc.directory";
  const local = LOCAL.test(own) ? own : (origins.find((origin) => LOCAL.test(origin)) ?? own);
  return `http://localhost:${Number(new URL(local).port || 80) - 1}`;
}
