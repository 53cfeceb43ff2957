/** A host on which people live, and the ways in which they see it: as usual, without JavaScript, on a slow line. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { PASSWORD, type Stage, setStage } from "../clients/oauth/stage.ts";
import type { HostVars } from "../../tools/kit/index.ts";
import { launchChromium } from "./chromium.ts";
import { assertReadable } from "./looks.ts";

/** Bytes a second, and milliseconds. */
const SLOW = { throughput: 400_000, latency: 300 };

export interface Way {
  name: string;
  options: BrowserContextOptions;
  slow: boolean;
}

export const WAYS: readonly Way[] = [
  { name: "as usual", options: {}, slow: false },
  { name: "without JavaScript", options: { javaScriptEnabled: false }, slow: false },
  { name: "on a slow line", options: { viewport: { width: 390, height: 800 } }, slow: true },
];

export interface Visitor {
  page: Page;
  go: (path: string) => Promise<void>;
  /** Closes the browser. Nothing may have gone wrong on its pages, and nothing have come from elsewhere. */
  leave: () => Promise<void>;
}

type Ref = { uri: string; cid: string };

export class Life {
  readonly #stage: Stage;
  readonly #browser: Browser;
  readonly #way: Way;
  readonly #auth = new Map<string, { did: string; token: string }>();

  private constructor(stage: Stage, browser: Browser, way: Way) {
    this.#stage = stage;
    this.#browser = browser;
    this.#way = way;
  }

  static async begin(way: Way, vars: HostVars = {}): Promise<Life> {
    const [stage, browser] = await Promise.all([
      setStage({ REGISTRATION: "open", ...vars }),
      launchChromium(),
    ]);
    return new Life(stage, browser, way);
  }

  async end(): Promise<void> {
    await this.#browser.close();
    await this.#stage.stop();
  }

  get scripted(): boolean {
    return this.#way.options.javaScriptEnabled !== false;
  }

  at(path: string): string {
    return this.#stage.host.url + path;
  }

  /** Looks at a page from all sides, where the story is told for the first time. */
  async look(page: Page, name: string): Promise<void> {
    if (this.#way.options.javaScriptEnabled !== false && !this.#way.slow) await assertReadable(page, name);
  }

  /** New members, without a browser. */
  async settle(...names: string[]): Promise<void> {
    for (const name of names) {
      const input = { handle: `${name}.test`, email: `${name}@example.com`, password: PASSWORD };
      const made = await this.#stage.host.xrpc("com.atproto.server.createAccount", { input });
      const { did, accessJwt } = made as { did: string; accessJwt: string };
      this.#auth.set(name, { did, token: accessJwt });
    }
  }

  async grant(name: string, role: string): Promise<void> {
    await this.#stage.host.admin("internal.atoll.admin.grantRole", {
      input: { did: this.didOf(name), role },
    });
  }

  didOf(name: string): string {
    return this.#auth.get(name)?.did ?? "";
  }

  /** Writes a record as another app would. */
  async write(name: string, collection: string, record: object): Promise<Ref> {
    const { did = "", token = "" } = this.#auth.get(name) ?? {};
    const input = {
      repo: did,
      collection,
      record: { $type: collection, createdAt: new Date().toISOString(), ...record },
    };
    const response = await fetch(this.at("/xrpc/com.atproto.repo.createRecord"), {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(input),
    });
    expect([collection, response.status]).toEqual([collection, 200]);
    return (await response.json()) as Ref;
  }

  post(name: string, text: string, more: object = {}): Promise<Ref> {
    return this.write(name, "app.bsky.feed.post", { text, ...more });
  }

  async guest(): Promise<Visitor> {
    const context = await this.#browser.newContext({ locale: "en", ...this.#way.options });
    const page = await context.newPage();
    if (this.#way.slow) await slowDown(page);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && /policy/i.test(message.text())) problems.push(message.text());
    });
    page.on("request", (request) => {
      if (/^https?:/.test(request.url()) && !request.url().startsWith(this.at("/")))
        problems.push(request.url());
    });
    return {
      page,
      go: async (path) => void (await page.goto(this.at(path))),
      leave: async () => {
        await context.close();
        expect(problems).toEqual([]);
      },
    };
  }

  async member(name: string): Promise<Visitor> {
    const visitor = await this.guest();
    const { page } = visitor;
    await visitor.go("/account/sign-in?to=%2F");
    await page.getByLabel("Handle or e-mail address").fill(`${name}.test`);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL(this.at("/"));
    return visitor;
  }
}

async function slowDown(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: SLOW.latency,
    downloadThroughput: SLOW.throughput,
    uploadThroughput: SLOW.throughput,
  });
}

/** A post on a page, by some of its words. */
export const postWith = (page: Page, text: string) => page.locator("article.post", { hasText: text }).first();

export async function send(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Post", exact: true }).click();
}

/** Opens the menu of a post, or of a profile, and presses an entry. */
export async function choose(page: Page, within: ReturnType<Page["locator"]>, entry: string): Promise<void> {
  await within.locator(".menu-of summary").first().click();
  await within.locator(".menu-of").getByText(entry, { exact: true }).click();
  await page.waitForLoadState();
}
