/** A browser without JavaScript: it keeps cookies, follows redirects on one host, fills in and sends forms. */
import http from "node:http";

export interface Page {
  status: number;
  url: URL;
  headers: Headers;
  html: string;
}

/** A redirect that leaves the host, to an app. */
export interface Departure {
  location: URL;
}

export class MemberBrowser {
  readonly #cookies = new Map<string, string>();
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async open(url: string | URL, init: RequestInit = {}): Promise<Page | Departure> {
    let next = new URL(url, this.#origin);
    let request: RequestInit = init;
    for (let hops = 0; hops < 10; hops++) {
      const response = await this.fetch(next, request);
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null) {
        return { status: response.status, url: next, headers: response.headers, html: await response.text() };
      }
      await response.body?.cancel();
      next = new URL(location, next);
      if (next.origin !== this.#origin) return { location: next };
      request = {};
    }
    throw new Error("too many redirects");
  }

  /** Fetches as a navigation by a click. */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has("sec-fetch-mode")) headers.set("sec-fetch-mode", "navigate");
    if (!headers.has("sec-fetch-dest")) headers.set("sec-fetch-dest", "document");
    if (!headers.has("sec-fetch-site"))
      headers.set("sec-fetch-site", init.method === "POST" ? "same-origin" : "cross-site");
    if (this.#cookies.size > 0) headers.set("cookie", this.cookies());
    const response = await send(new URL(url, this.#origin), init, headers);
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (/max-age=0(;|$)/i.test(cookie)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  /** Sends the page's form for this step: hidden fields unchanged, inputs as given. */
  submit(
    page: Page,
    step: string,
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ) {
    const form = formOf(page, step);
    const body = new URLSearchParams({ ...form.hidden, ...fields });
    return this.open(new URL(form.action, page.url), {
      method: "POST",
      headers: { origin: this.#origin, ...headers, "content-type": "application/x-www-form-urlencoded" },
      body: body.toString(),
    });
  }
}

/**
 * Node's own fetch sends `Sec-Fetch-Mode: cors`, as a script in a page would; a navigating browser does not.
 */
function send(url: URL, { method = "GET", body }: RequestInit, headers: Headers): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = http.request(url.href, { method, headers: Object.fromEntries(headers) }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const pairs = Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        );
        const status = incoming.statusCode ?? 500;
        const empty = status === 204 || (status >= 300 && status < 400);
        resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers: pairs }));
      });
    });
    request.on("error", reject);
    request.end(typeof body === "string" ? body : undefined);
  });
}

export function isPage(arrived: Page | Departure): arrived is Page {
  return "html" in arrived;
}

/** Fails the test, quoting the page, if the browser is still on the host. */
export function departed(arrived: Page | Departure): URL {
  if (!isPage(arrived)) return arrived.location;
  throw new Error(`still at ${arrived.url.href} (${arrived.status}): ${textOf(arrived)}`);
}

export function shown(arrived: Page | Departure): Page {
  if (isPage(arrived)) return arrived;
  throw new Error(`left for ${arrived.location.href}`);
}

export const textOf = ({ html }: Page): string =>
  unescaped(
    html
      .replace(/<(style|script|svg|head)[\s\S]*?<\/\1>/g, " ")
      .replaceAll(/<[^>]+>/g, " ")
      .replaceAll(/\s+/g, " "),
  ).trim();

const unescaped = (text: string) =>
  text
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

function formOf({ html, url }: Page, step: string): { action: string; hidden: Record<string, string> } {
  for (const [, attributes = "", inside = ""] of html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
    const hidden: Record<string, string> = {};
    for (const [input] of inside.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      hidden[attribute(input, "name")] = attribute(input, "value");
    }
    if (hidden.step === step) return { action: attribute(attributes, "action"), hidden };
  }
  throw new Error(`no form "${step}" at ${url.href}: ${textOf({ html } as Page)}`);
}

const attribute = (tag: string, name: string) =>
  unescaped(new RegExp(` ${name}="([^"]*)"`).exec(` ${tag}`)?.[1] ?? "");
