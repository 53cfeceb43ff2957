/**
 * `npm run bench:admin`: how long the admin's pages take on a host of ten thousand members and five hundred open
 * reports, and what each reads.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { type RunningHost, startHost } from "../../dev/host.ts";
import { ROOT } from "../../dev/wrangler-file.ts";
import { temporaryFolder } from "../../kit/runtime/temporary.ts";
import { type Account, Client, type Reply, Xrpc, createAccount, textIn } from "../client.ts";
import { percentile } from "../load.ts";
import { type Machine, describeMachine } from "../machine.ts";
import { figure, printTable } from "../print-table.ts";
import { type Subjects, DESK_PAGES, pathsOf } from "./pages.ts";
import { MEMBERS, REPORTS, populate } from "./population.ts";

const USAGE = `npm run bench:admin -- [options]
  --requests 60   visits of each page
  --save          also writes docs/bench/admin.json and admin.md`;

/** Milliseconds; round trips to the databases, and rows that they read. */
const GOALS = { p50: 100, trips: 3, rows: 3_000 };
const ADMIN_PASSWORD = "bench-admin";
const POSTS = 20;
/** Visits before any counts: an isolate's first ones read secrets and settings. */
const WARM = 3;

interface Visited {
  page: string;
  p50: number;
  p99: number;
  trips: number;
  rows: number;
  bytes: number;
}

interface AdminReport {
  machine: Machine;
  pages: Visited[];
}

/** The cookies that a browser has after these answers; a later one replaces an earlier one of its name. */
function cookiesOf(...replies: Reply[]): string {
  const pairs = replies
    .flatMap(({ headers }) => headers["set-cookie"] ?? [])
    .map((cookie) => cookie.split(";")[0] ?? "");
  const jar = new Map(pairs.map((pair) => [pair.split("=")[0], pair]));
  return [...jar.values()].join("; ");
}

/** Signs in as a browser does, and returns its cookies. */
async function signIn(client: Client, { handle }: Account): Promise<string> {
  const page = await client.send("GET", "/account/sign-in", { headers: { accept: "text/html" } });
  const [, csrf = ""] = /name="csrf" value="([^"]*)"/.exec(page.body.toString("utf8")) ?? [];
  const fields = {
    csrf,
    step: "sign-in",
    identifier: handle,
    password: `password of ${handle.split(".")[0]}`,
  };
  const answer = await client.send("POST", "/account/sign-in", {
    headers: {
      cookie: cookiesOf(page),
      origin: client.origin,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams(fields).toString(),
  });
  if (answer.status !== 303) throw new Error(`signing in: ${answer.status}`);
  return cookiesOf(page, answer);
}

/** The owner's cookies, and what the pages are about. */
async function furnish(host: RunningHost, client: Client): Promise<{ cookie: string; subjects: Subjects }> {
  const [owner, member] = [await createAccount(client, "keeper"), await createAccount(client, "seller")];
  const basic = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString("base64")}`;
  await new Xrpc(client).procedure(
    "internal.atoll.admin.grantRole",
    { did: owner.did, role: "owner" },
    { authorization: basic },
  );
  const posts: string[] = [];
  for (let n = 0; n < POSTS; n++) {
    const record = {
      $type: "app.bsky.feed.post",
      text: `Watch no. ${n}, half price, only today`,
      createdAt: new Date().toISOString(),
    };
    const input = { repo: member.did, collection: "app.bsky.feed.post", record };
    posts.push(
      textIn(await new Xrpc(client, member.token).procedure("com.atproto.repo.createRecord", input), "uri"),
    );
  }
  const subjects = await populate((name, sql, json) => host.query(name, sql, json), member.did, posts);
  return { cookie: await signIn(client, owner), subjects };
}

async function measure(requests: number): Promise<AdminReport> {
  const folder = temporaryFolder();
  const host = await startHost({
    dataDir: folder.path,
    vars: { REGISTRATION: "open", RATE_LIMITS: "off", ADMIN_PASSWORD },
  });
  const client = new Client(host.origin);
  try {
    const { cookie, subjects } = await furnish(host, client);
    // An archive's bytes are no page.
    const paths = pathsOf(
      DESK_PAGES.filter((page) => page !== "/admin/archives/*"),
      subjects,
    );
    const visit = async (asked: string, more: Record<string, string> = {}) => {
      const reply = await client.send("GET", asked, { headers: { accept: "text/html", cookie, ...more } });
      if (reply.status !== 200) throw new Error(`${asked}: ${reply.status}`);
      return reply;
    };
    const times = new Map<string, number[]>(paths.map((asked) => [asked, []]));
    for (let round = 0; round < WARM + requests; round++) {
      for (const [asked, ms] of times) {
        const reply = await visit(asked);
        if (round >= WARM) ms.push(reply.ms);
      }
    }
    const pages: Visited[] = [];
    for (const [asked, ms] of times) {
      const counted = await visit(asked, { "atoll-cost": "1" });
      const sorted = ms.toSorted((a, b) => a - b);
      pages.push({
        page: nameOf(asked, subjects),
        p50: percentile(sorted, 0.5),
        p99: percentile(sorted, 0.99),
        ...costOf(String(counted.headers["atoll-cost"])),
        bytes: counted.body.length,
      });
    }
    return { machine: describeMachine(), pages };
  } finally {
    client.close();
    await host.stop();
    folder.remove();
  }
}

/** A path as a reader knows it. */
const nameOf = (asked: string, subjects: Subjects): string =>
  Object.entries(subjects)
    // A post's URI has its member's DID.
    .toSorted(([, a]: [string, string], [, b]: [string, string]) => b.length - a.length)
    .reduce(
      (name, [what, subject]: [string, string]) =>
        name.replace(subject, `<${what}>`).replace(encodeURIComponent(subject), `<${what}>`),
      asked,
    );

/** Of both databases. */
function costOf(told: string): { trips: number; rows: number } {
  const trips = [...told.matchAll(/trips=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  const rows = [...told.matchAll(/(?:index|directory)=\d+\/(\d+)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
  return { trips, rows };
}

const held = (value: number, goal: number): string => `${figure(value)} ${value <= goal ? "✓" : "✗"}`;

function text({ machine, pages }: AdminReport): string {
  const head = ["page", "p50, ms", "p99, ms", "D1 trips", "rows read", "kB"];
  const lines = pages.map(({ page, p50, p99, trips, rows, bytes }) => [
    page,
    held(p50, GOALS.p50),
    figure(p99),
    String(trips),
    String(rows),
    figure(bytes / 1_000),
  ]);
  return [
    "# The admin's pages",
    "",
    `\`npm run bench:admin\` at ${machine.commit}, ${machine.date}, on ${machine.cpu}, ${machine.cores} cores, ` +
      `${machine.memoryGB} GB, ${machine.system}, Node ${machine.node}. ${MEMBERS} members and ${REPORTS} open reports ` +
      `(\`tools/bench/admin/population.ts\`); one client, pages in turns; databases in memory, where there was room. ` +
      `Goal: p50 ≤ ${GOALS.p50} ms. Trips and rows are those of one visit with nothing remembered; ` +
      `\`test/web/admin/budgets.test.ts\` holds them to ${GOALS.trips} and ${GOALS.rows}.`,
    "",
    printTable([head, ...lines]),
  ].join("\n");
}

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "60" },
    save: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(USAGE);
else {
  const report = await measure(Number(values.requests));
  console.log(text(report));
  if (values.save) {
    const docs = path.join(ROOT, "docs/bench");
    mkdirSync(docs, { recursive: true });
    writeFileSync(path.join(docs, "admin.json"), `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(path.join(docs, "admin.md"), `${text(report)}\n`);
  }
  if (report.pages.some(({ p50 }) => p50 > GOALS.p50)) process.exitCode = 1;
}
