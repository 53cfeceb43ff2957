/**
 * `npm run bench:app`: how the app feels on a slow line, by Chromium's own traces: 400 kB a second and 300 ms to
 * answer, nothing in the browser's cache, a phone's screen.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { type Browser, type Page, chromium } from "playwright-core";
import { ROOT } from "../../dev/wrangler-file.ts";
import { type TestNetwork, createTestNetwork } from "../../kit/index.ts";
import { median } from "../load.ts";
import { type Machine, describeMachine } from "../machine.ts";
import { figure, printTable } from "../print-table.ts";
import { type Loading, loadingIn } from "./trace.ts";

const USAGE = `npm run bench:app -- [options]
  --rounds 5   visits of each page
  --save       also writes docs/bench/app.json and app.md
CHROMIUM names the browser.`;

/** Bytes a second, and milliseconds. */
const LINE = { throughput: 400_000, latency: 300 };
/** Milliseconds; a layout shift has no unit. */
const GOALS = { first: 1500, largest: 2000, shift: 0.02, like: 100 };
const CATEGORIES = ["-*", "loading", "blink.user_timing"];

interface Visited extends Loading {
  page: string;
  /** Of the whole page, with what it loads. */
  requests: number;
  bytes: number;
}

interface AppReport {
  machine: Machine;
  pages: Visited[];
  /** Milliseconds from the press to the picture that shows it. */
  like: number;
}

function launch(): Promise<Browser> {
  const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = process.env.CHROMIUM ?? places.find((place) => existsSync(place));
  if (executablePath === undefined) throw new Error("no Chromium here: set CHROMIUM to its path");
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** Twelve people who follow each other, with pictures, quotes and answers. */
async function people(): Promise<TestNetwork> {
  const names = Array.from({ length: 12 }, (_, i) => `member${i}`);
  const posts = names.flatMap((by, i) => [
    {
      id: `first${i}`,
      by,
      text: `What ${by} saw at the harbour today, told in a sentence or two.`,
      likedBy: names.slice(0, i),
    },
    { by, text: "A picture of the quay", images: [{ alt: "the quay" }, { alt: "the sea" }] },
    { by, text: "Look at this", quote: `first${(i + 11) % 12 < i ? (i + 11) % 12 : i}` },
  ]);
  return createTestNetwork({
    vars: { HOST_NAME: "Harbour" },
    seed: {
      accounts: names.map((name) => ({ name, displayName: name, avatar: true })),
      follows: Object.fromEntries(names.map((name) => [name, names.filter((other) => other !== name)])),
      posts,
    },
  });
}

async function slowly(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: LINE.latency,
    downloadThroughput: LINE.throughput,
    uploadThroughput: LINE.throughput,
  });
}

/** One visit by somebody who was never there; `cookies` make them a member. */
async function visit(browser: Browser, url: string, cookies: Cookies): Promise<Omit<Visited, "page">> {
  const context = await browser.newContext({ viewport: { width: 390, height: 800 }, locale: "en" });
  await context.addCookies(cookies);
  const page = await context.newPage();
  await slowly(page);
  let requests = 0;
  let bytes = 0;
  page.on("requestfinished", (request) => {
    requests++;
    void request
      .sizes()
      .then(({ responseBodySize, responseHeadersSize }) => (bytes += responseBodySize + responseHeadersSize));
  });
  await browser.startTracing(page, { categories: CATEGORIES });
  await page.goto(url, { waitUntil: "networkidle" });
  const loading = loadingIn(await browser.stopTracing());
  await context.close();
  return { ...loading, requests, bytes };
}

type Cookies = Awaited<ReturnType<Awaited<ReturnType<Browser["newContext"]>>["cookies"]>>;

async function signIn(browser: Browser, network: TestNetwork): Promise<Cookies> {
  const context = await browser.newContext({ locale: "en" });
  const page = await context.newPage();
  const { handle, password } = await network.account("member0");
  await page.goto(`${network.host().url}/account/sign-in?to=%2F`);
  await page.fill("input[name=identifier]", handle);
  await page.fill("input[name=password]", password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(`${network.host().url}/`);
  const cookies = await context.cookies();
  await context.close();
  return cookies;
}

/** From the press of a like to the next picture after it is shown as pressed, on the slow line. */
async function likes(browser: Browser, url: string, cookies: Cookies, rounds: number): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 390, height: 800 }, locale: "en" });
  await context.addCookies(cookies);
  const page = await context.newPage();
  await slowly(page);
  await page.goto(url, { waitUntil: "networkidle" });
  const ms: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const took = await page.evaluate(`(async () => {
      const button = document.querySelector('.act.like[aria-pressed="false"]'), start = performance.now();
      button.click();
      if (button.getAttribute("aria-pressed") !== "true") throw new Error("not shown");
      await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
      return performance.now() - start;
    })()`);
    ms.push(Number(took));
    await page.waitForTimeout(1500);
  }
  await context.close();
  return median(ms);
}

async function measure(rounds: number): Promise<AppReport> {
  const [network, browser] = await Promise.all([people(), launch()]);
  try {
    const { url } = network.host();
    const cookies = await signIn(browser, network);
    const { handle, did } = await network.account("member1");
    const { data } = await network.agent("member1").getAuthorFeed({ actor: did });
    const post = data.feed.at(-1)?.post.uri.split("/").at(-1) ?? "";
    const kinds: [page: string, path: string, cookies: Cookies][] = [
      ["the community, to a guest", "/", []],
      ["a profile, to a guest", `/profile/${handle}`, []],
      ["a thread, to a guest", `/profile/${handle}/post/${post}`, []],
      ["the front page of a member", "/", cookies],
      ["a member's notifications", "/notifications", cookies],
      ["the form of a post", "/intent/compose", cookies],
    ];
    const pages: Visited[] = [];
    for (const [page, asked, who] of kinds) {
      const visits: Omit<Visited, "page">[] = [];
      for (let round = 0; round < rounds; round++) visits.push(await visit(browser, url + asked, who));
      const middle = (key: keyof Omit<Visited, "page">) => median(visits.map((each) => each[key]));
      pages.push({
        page,
        first: middle("first"),
        largest: middle("largest"),
        shift: Math.max(...visits.map(({ shift }) => shift)),
        requests: middle("requests"),
        bytes: middle("bytes"),
      });
    }
    return { machine: describeMachine(), pages, like: await likes(browser, `${url}/`, cookies, rounds) };
  } finally {
    await browser.close();
    await network.dispose();
  }
}

const held = (value: number, goal: number, said = figure(value)): string =>
  `${said} ${value <= goal ? "✓" : "✗"}`;

function text({ machine, pages, like }: AppReport): string {
  const head = ["page", "first content, ms", "largest, ms", "layout shift", "requests", "kB"];
  const lines = pages.map(({ page, first, largest, shift, requests, bytes }) => [
    page,
    held(first, GOALS.first),
    held(largest, GOALS.largest),
    held(shift, GOALS.shift, shift.toFixed(3)),
    figure(requests),
    figure(bytes / 1000),
  ]);
  return [
    "# The app on a slow line",
    "",
    `\`npm run bench:app\` at ${machine.commit}, ${machine.date}, on ${machine.cpu}, ${machine.cores} cores, ${machine.system}, ` +
      `Node ${machine.node}. Chromium's own traces; ${LINE.throughput / 1000} kB/s and ${LINE.latency} ms, an empty cache, 390 pixels wide. ` +
      `Medians; the layout shift is the worst. Goals: first content ${GOALS.first} ms, largest ${GOALS.largest} ms, shift ${GOALS.shift}.`,
    "",
    printTable([head, ...lines]),
    "",
    `A like is shown ${held(like, GOALS.like)} ms after the press (goal ${GOALS.like}).`,
  ].join("\n");
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    save: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(USAGE);
else {
  const report = await measure(Number(values.rounds));
  console.log(text(report));
  if (values.save) {
    const docs = path.join(ROOT, "docs/bench");
    mkdirSync(docs, { recursive: true });
    writeFileSync(path.join(docs, "app.json"), `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(path.join(docs, "app.md"), `${text(report)}\n`);
  }
}
