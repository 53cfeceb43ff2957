/** A browser without a window: it keeps cookies, follows no redirect by itself, and fills in the forms it is shown. */
import { ORIGIN, fetchHost } from "./account-host.ts";

export interface Shown {
  status: number;
  /** The page's address on this host, or where a redirect leads. */
  location: string | null;
  html: string;
  /** The page without its tags: what a person reads. */
  text: string;
  headers: Headers;
}

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };

const textOf = (html: string) =>
  html
    .replaceAll(/<(style|script|svg|head)\b[\s\S]*?<\/\1>/g, " ")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity as keyof typeof ENTITIES])
    .replaceAll(/\s+/g, " ")
    .trim();

export class Visitor {
  #fetch: typeof fetchHost;
  readonly #origin: string;
  readonly #cookies = new Map<string, string>();
  #csrf = "";
  /** Where the page last shown lets its forms lead (CSP). */
  #formAction = "";

  /** @param origin the address of the host that `fetchPage` asks */
  constructor(fetchPage = fetchHost, origin = ORIGIN) {
    this.#fetch = fetchPage;
    this.#origin = origin;
  }

  /** The same browser, after the host was deployed again. */
  through(fetchPage: typeof fetchHost): this {
    this.#fetch = fetchPage;
    return this;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Shown> {
    return this.#send(path, { headers: { accept: "text/html", ...headers } });
  }

  /** Posts a form as the page last shown has it. */
  async post(path: string, fields: Record<string, string>): Promise<Shown> {
    return this.#send(path, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        origin: this.#origin,
        accept: "text/html",
      },
      body: new URLSearchParams({ csrf: this.#csrf, ...fields }).toString(),
    });
  }

  /** Posts a form with a file. */
  async upload(
    path: string,
    fields: Record<string, string>,
    file: string,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<Shown> {
    const form = new FormData();
    for (const [name, value] of Object.entries({ csrf: this.#csrf, ...fields })) form.set(name, value);
    form.set(file, new Blob([bytes]), bytes.length === 0 ? "" : "file");
    return this.#send(path, {
      method: "POST",
      headers: { origin: this.#origin, accept: "text/html" },
      body: form,
    });
  }

  /** Signs in on the account page; the answer is what the form led to. */
  async signIn(identifier: string, password: string, remember = true): Promise<Shown> {
    await this.get("/account/sign-in");
    return this.post("/account/sign-in", {
      step: "sign-in",
      identifier,
      password,
      ...(remember ? { remember: "yes" } : {}),
    });
  }

  async #send(path: string, init: RequestInit): Promise<Shown> {
    const headers = new Headers(init.headers);
    if (this.cookie !== "") headers.set("cookie", this.cookie);
    const response = await this.#fetch(path, { ...init, headers, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      const at = pair.indexOf("=");
      if (/Max-Age=0\b/.test(cookie)) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const location = response.headers.get("location");
    if (init.method === "POST" && location !== null) this.#assertFollowed(location);
    this.#formAction =
      /form-action ([^;]*)/.exec(response.headers.get("content-security-policy") ?? "")?.[1] ??
      this.#formAction;
    const html = await response.text();
    this.#csrf = /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? this.#csrf;
    const { status } = response;
    return {
      status,
      location,
      html,
      text: textOf(html),
      headers: response.headers,
    };
  }

  /** Throws for a redirect after a form that browsers do not follow: beyond what the form's page allows. */
  #assertFollowed(location: string): void {
    const { origin } = new URL(location, this.#origin);
    if (origin === this.#origin || this.#formAction.split(" ").includes(origin)) return;
    throw new Error(`no browser follows this form to ${origin}: its page allows ${this.#formAction}`);
  }
}
