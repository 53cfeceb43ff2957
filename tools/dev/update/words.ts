/** The effects of an update, in words. */
import type { Newer, Pending, Survey } from "./survey.ts";

const STORES: Record<string, string> = {
  directory: "the directory",
  appview: "the index",
  account: "each account, when it is next asked",
  sequencer: "the event stream",
  "fan-out": "the stream's readers",
};

export function inWords({ remote, here, newer }: Survey): string {
  if (newer === null) return `This is the newest version that ${remote} has (${short(here)}).`;
  return [
    `${newer.name} is newer, by ${newer.commits} ${newer.commits === 1 ? "commit" : "commits"}.`,
    `What changed:\n${newer.changes === "" ? "Its CHANGELOG.md says nothing new." : newer.changes}`,
    `What is migrated: ${migrated(newer.pending)}`,
    `How to take it: npm run update -- --apply, then npm run deploy`,
    back(here, newer),
  ].join("\n\n");
}

const short = (commit: string): string => commit.slice(0, 7);

function migrated(pending: readonly Pending[]): string {
  if (pending.length === 0) return "nothing. Data stay in the format that they have.";
  const lines = [...Map.groupBy(pending, ({ store }) => store)].map(([store, files]) => {
    const numbers = files.map(({ name }) => name.slice(0, 4)).join(", ");
    const how = files.some(({ isLong }) => isLong)
      ? "it goes through what is there: some seconds, a minute with a large index"
      : "at once, whatever there is";
    return `  ${STORES[store] ?? store}: ${numbers}; ${how}`;
  });
  return `by the Worker itself, on its first request after the deploy.\n${lines.join("\n")}`;
}

function back(here: string, { pending }: Newer): string {
  const again = `git reset --keep ${short(here)} && npm ci && npm run deploy`;
  return pending.length === 0
    ? `The way back: ${again}`
    : `The way back, until the first request: ${again}
After it, a Worker of before refuses the newer data, in words. Then data go back as well, to a moment before the
deploy: docs/backups.md, "Point in time, by the platform". What was written since is lost by that.`;
}

export const taken = ({ name }: Newer, here: string): string =>
  `${name} is here now. Deploy it: npm run deploy. Until then, back is git reset --keep ${short(here)} && npm ci.`;
