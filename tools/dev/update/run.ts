/** `npm run update`: whether there is a newer version, what it changes and migrates, and the way back. */
import { parseArgs } from "node:util";
import { LaunchError } from "../ports.ts";
import { ROOT } from "../wrangler-file.ts";
import { apply, install } from "./apply.ts";
import { Clone } from "./git.ts";
import { survey } from "./survey.ts";
import { inWords, taken } from "./words.ts";

const HELP = `npm run update -- [options]

  --apply  takes the newest version into this folder; npm run deploy then takes it to Cloudflare
`;

try {
  const { values } = parseArgs({
    options: { apply: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  if (values.help) console.log(HELP);
  else update(values.apply);
} catch (thrown) {
  if (!(thrown instanceof LaunchError)) throw thrown;
  console.error(`\n${thrown.message}\n`);
  process.exitCode = 1;
}

function update(applies: boolean): void {
  const clone = new Clone(ROOT);
  const found = survey(clone);
  console.log(`\n${inWords(found)}\n`);
  if (!applies || found.newer === null) return;
  apply(clone, found.newer);
  install(ROOT);
  console.log(`\n${taken(found.newer, found.here)}\n`);
}
