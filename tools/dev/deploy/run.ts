/**
 * `npm run deploy`: looks at the account, says what it will make and what only its owner can do, and then does
 * what `wrangler deploy` does. The same the first time and later; every step may be repeated. In a build of
 * Cloudflare's, where nobody can be asked, it is `wrangler deploy` alone.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import * as clack from "@clack/prompts";
import { LaunchError } from "../ports.ts";
import { fitSettings } from "../settings.ts";
import { type WranglerFile, readWranglerFile } from "../wrangler-file.ts";
import { chooseAccount } from "./account.ts";
import { R2_IN_USE, keepBuckets } from "./bucket.ts";
import { Cloudflare, type CloudflareAccount } from "./cloudflare.ts";
import { inEu, isInEu, keepInEu } from "./eu.ts";
import { beginMaking, sayWhenStopped } from "./interrupts.ts";
import { type Survey, jurisdictionOf, survey } from "./survey.ts";
import { assertBuilds, credentials, deployWorker, rehearse } from "./wrangler.ts";

const HELP = `npm run deploy -- [options]

  --dry-run          builds, and says what it would do; touches no account
  --account <id>     the account's id or name, for people with several
  --location <hint>  where the databases are made: weur, eeur, wnam, enam, apac, oc; by default near you
  --eu               keeps everything in the EU, by law; at the first deploy, for good
  --without-r2       does without R2, which asks for a card: pictures are kept in members' own objects
  --with-r2          takes R2 after all; the pictures move there at /admin/plan
  --new-code         makes a new code for /setup, and prints it
  --yes              asks nothing
`;

interface Options {
  "dry-run": boolean;
  account?: string;
  location?: string;
  eu: boolean;
  "without-r2": boolean;
  "with-r2": boolean;
  "new-code": boolean;
  yes: boolean;
  help: boolean;
}

const LOCATIONS = ["weur", "eeur", "wnam", "enam", "apac", "oc"];

try {
  sayWhenStopped();
  const options = readOptions();
  if (options.help) console.log(HELP);
  else if (process.env.WORKERS_CI !== undefined) await deployWorker({ accountId: null, secretsFile: null });
  else await deploy(options);
} catch (thrown) {
  if (!(thrown instanceof LaunchError)) throw thrown;
  console.error(`\n${thrown.message}\n`);
  process.exit(1);
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        "dry-run": { type: "boolean", default: false },
        account: { type: "string" },
        location: { type: "string" },
        eu: { type: "boolean", default: false },
        "without-r2": { type: "boolean", default: false },
        "with-r2": { type: "boolean", default: false },
        "new-code": { type: "boolean", default: false },
        yes: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.eu && values.location !== undefined)
      throw new Error("--eu and --location exclude each other.");
    if (values["without-r2"] && values["with-r2"])
      throw new Error("--without-r2 and --with-r2 exclude each other.");
    if (values.location !== undefined && !LOCATIONS.includes(values.location))
      throw new Error(`${values.location} is no location: choose one of ${LOCATIONS.join(", ")}.`);
    return values;
  } catch (thrown) {
    throw new LaunchError(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${HELP}`);
  }
}

async function deploy(options: Options): Promise<void> {
  if (options["with-r2"] && !options["dry-run"]) keepBuckets(true);
  const read = readWranglerFile();
  const leaves = options["without-r2"] && read.buckets.length > 0;
  const file = leaves ? { ...read, buckets: [] } : read;
  if (fitSettings(file.vars).LOCAL !== "")
    throw new LaunchError("LOCAL is set in wrangler.toml: a deploy is not local.");
  if (options["dry-run"]) {
    await rehearse();
    const made = [...file.databases, ...file.buckets].map(({ name }) => name);
    console.log(
      `That was a dry run: ${file.name} builds. A deploy makes, where missing: ${made.join(", ")}.`,
    );
    return;
  }
  await assertBuilds();
  const canAsk = process.stdin.isTTY && process.stdout.isTTY && !options.yes;
  const api = new Cloudflare(await credentials());
  const account = await chooseAccount(api, {
    option: options.account ?? null,
    id: process.env.CLOUDFLARE_ACCOUNT_ID ?? file.accountId,
    canAsk,
  });
  const found = await survey(api, account, options.eu ? inEu(file) : file);
  if (leaves && found.hasBucket) throw new LaunchError(R2_IN_USE);
  tell(account, file, found);
  const eu = await choosesEu(options, file, found, canAsk);
  if (canAsk && (await clack.confirm({ message: "Go on?" })) !== true)
    throw new LaunchError("Nothing was deployed.");
  beginMaking();
  if (leaves) keepBuckets(false);
  if (eu) keepInEu();
  await makeStores(api, account, found, { eu, location: options.location ?? null });
  await upload(account, found, options["new-code"]);
}

function tell({ name }: CloudflareAccount, file: WranglerFile, found: Survey): void {
  const lines = [
    `Account: ${name}`,
    `Worker: ${file.name}, ${found.isThere ? "an update" : "for the first time"}`,
    ...found.databases.map((database) => `Will make the D1 database ${database.name}`),
    ...found.buckets.map((bucket) => `Will make the R2 bucket ${bucket.name}`),
  ];
  console.log(`\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
}

/**
 * Whether the host is one of the EU's: as wrangler.toml says, or, at a first deploy, as is asked for. Throws a
 * `LaunchError` if it is too late.
 */
async function choosesEu(
  { eu, location, yes }: Options,
  file: WranglerFile,
  { isThere, databases }: Survey,
  canAsk: boolean,
): Promise<boolean> {
  if (isInEu(file)) return true;
  const isFirst = !isThere && databases.length === file.databases.length;
  if (eu && !isFirst)
    throw new LaunchError(
      "The host was deployed without --eu, and what it has cannot be moved there. Deploy a new one under another name, with other names for its stores, and move the accounts.",
    );
  if (eu || !canAsk || yes || !isFirst || location !== undefined) return eu;
  const chosen = await clack.select({
    message: "Where may everything be kept? It cannot be changed later.",
    options: [
      { value: "near", label: "Wherever Cloudflare finds best, near you" },
      { value: "eu", label: "In the EU alone, by law" },
    ],
  });
  if (clack.isCancel(chosen)) throw new LaunchError("Nothing was deployed.");
  return chosen === "eu";
}

interface Where {
  eu: boolean;
  location: string | null;
}

/** Makes what is missing, before wrangler would: it cannot say where. */
async function makeStores(
  api: Cloudflare,
  { id }: CloudflareAccount,
  { databases, buckets }: Survey,
  { eu, location }: Where,
): Promise<void> {
  const hint = location === null ? {} : { primary_location_hint: location };
  const where = eu ? { jurisdiction: "eu" } : hint;
  for (const { name } of databases) await api.make(`/accounts/${id}/d1/database`, { name, ...where });
  for (const bucket of buckets) {
    const jurisdiction = eu ? "eu" : bucket.jurisdiction;
    await api.make(
      `/accounts/${id}/r2/buckets`,
      { name: bucket.name },
      jurisdictionOf({ ...bucket, jurisdiction }),
    );
  }
}

async function upload(account: CloudflareAccount, { hasCode }: Survey, wantsCode: boolean): Promise<void> {
  const code = hasCode && !wantsCode ? null : newCode();
  const folder = mkdtempSync(path.join(tmpdir(), "atoll-code-"));
  const secretsFile = code === null ? null : path.join(folder, "secrets.json");
  try {
    if (secretsFile !== null)
      writeFileSync(secretsFile, JSON.stringify({ SETUP_CODE: code }), { mode: 0o600 });
    const address = await deployWorker({ accountId: account.id, secretsFile });
    console.log(farewell(address ?? "the address above", code));
  } catch (thrown) {
    if (code !== null && thrown instanceof LaunchError)
      throw new LaunchError(
        `${thrown.message}\n\nIf the Worker got there all the same, its code for /setup is ${code}`,
      );
    throw thrown;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** 100 bits, in letters that are not mistaken for one another. */
function newCode(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz234567891";
  const word = [...randomBytes(20)].map((byte) => letters[byte & 31]).join("");
  return word.replace(/.{5}(?=.)/g, "$&-");
}

/** `code`: null if the Worker has had one before. */
function farewell(address: string, code: string | null): string {
  const words =
    code === null
      ? [
          `Your host is at ${address}`,
          `If it is not set up yet, ${address}/setup asks for the code that its first deploy printed.`,
          "A new one: npm run deploy -- --new-code",
        ]
      : [
          `Set your host up at ${address}/setup`,
          `with the code ${code}`,
          "",
          "It takes nobody in before that. Deploying again is safe at any time.",
        ];
  return ["", ...words, ""].join("\n");
}
