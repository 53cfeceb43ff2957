/**
 * Browsers that members sign in on. A browser's cookie holds an id and a secret. A row is only made when
 * somebody signs in, and with a fresh secret, so a cookie planted beforehand is worth nothing. Forms carry a
 * token derived from the cookie, which no other site can know (CSRF).
 */
import type { DeviceId } from "@atproto/oauth-provider/store";
import type { Did } from "@atcute/lexicons";
import { and, eq, notInArray } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { account, role } from "../../../schema/directory.ts";
import { oauthDevice, oauthDeviceAccount } from "../../../schema/oauth.ts";
import { derivedKey, digestOf, macOf, randomHex, sameSecret } from "../../oauth/digest.ts";
import { ONCE_MS, SIGNED_IN_MS } from "../../oauth/lifetimes.ts";
import { type Member, asMember, unhoused } from "../../identity/member.ts";
import type { Role } from "../../moderation/roles.ts";
import { clientAddress } from "../../xrpc/server/client-address.ts";
import type { Services } from "../../xrpc/server/services.ts";

/** A member who is signed in on this browser. */
export interface SignedIn {
  member: Member;
  /** When they last proved who they are, in milliseconds of the Unix epoch. */
  at: number;
  /** Whether that is too long ago, so that they have to sign in again. */
  stale: boolean;
  /** The authorization request during which they just signed in, if any. */
  requestUri: string | null;
  /** Their role at the host; null for all but few. */
  role: Role | null;
}

/** The longest life that browsers give a cookie. */
const COOKIE_SECONDS = 400 * 24 * 60 * 60;
const SEEN_MS = 60 * 60_000;

/**
 * The signed content of the session cookie: the last member to sign in here, and in which request. The row
 * decides whether it still holds.
 */
interface Once {
  did: string;
  device: string;
  request: string | null;
  at: number;
}

/** Everyone with a row on this browser who is a member, with their role. */
const peopleOn = (db: DrizzleD1Database, id: DeviceId) =>
  db
    .select({
      remembered: oauthDeviceAccount.remembered,
      signedInAt: oauthDeviceAccount.signedInAt,
      account,
      role: role.role,
    })
    .from(oauthDeviceAccount)
    .innerJoin(account, eq(account.did, oauthDeviceAccount.did))
    .leftJoin(role, eq(role.did, oauthDeviceAccount.did))
    .where(and(eq(oauthDeviceAccount.deviceId, id), notInArray(account.state, [...unhoused])));

type People = Awaited<ReturnType<typeof peopleOn>>;

/** Whether a text may be the id of a browser. */
export const isBrowserId = (text: string): text is DeviceId => text.startsWith("dev-");

const COOKIE = /^(dev-[0-9a-f]{32})\.([0-9a-f]{32})$/;

export class Browser {
  readonly #db: DrizzleD1Database;
  readonly #services: Services;
  readonly #hostSecret: string;
  readonly #request: Request;
  readonly #cookies: string[] = [];
  #id: DeviceId;
  #secret: string;
  #once: Once | null;
  /** Whether the answer has the browser delete what it has kept (W3C, Clear Site Data). */
  #forgets = false;
  /** As they were read with the browser; null after a change. */
  #people: People | null = null;

  private constructor(
    services: Services,
    hostSecret: string,
    request: Request,
    id: DeviceId,
    secret: string,
  ) {
    this.#db = drizzle(services.env.DIRECTORY);
    this.#services = services;
    this.#hostSecret = hostSecret;
    this.#request = request;
    this.#id = id;
    this.#secret = secret;
    this.#once = this.#readOnce();
  }

  /** The browser behind a request: a known one, or a new one. */
  static async of(services: Services, hostSecret: string, request: Request): Promise<Browser> {
    const [, id, secret] = COOKIE.exec(cookieOf(request, nameOf("atoll-browser", services)) ?? "") ?? [];
    if (id !== undefined && isBrowserId(id) && secret !== undefined) {
      const db = drizzle(services.env.DIRECTORY);
      const [[row], people] = await db.batch([
        db.select().from(oauthDevice).where(eq(oauthDevice.id, id)),
        peopleOn(db, id),
      ]);
      if (!row || sameSecret(row.secretDigest, digestOf(secret))) {
        const browser = new Browser(services, hostSecret, request, id, secret);
        browser.#people = row ? people : [];
        if (row && row.seenAt < Date.now() - SEEN_MS) services.defer(browser.#seen());
        return browser;
      }
    }
    const browser = new Browser(services, hostSecret, request, `dev-${randomHex(16)}`, randomHex(16));
    browser.#setCookie();
    return browser;
  }

  get id(): DeviceId {
    return this.#id;
  }

  /** The token that each form carries and `isOurForm` checks. */
  get csrf(): string {
    return macOf(this.#key("form"), `${this.#id}.${this.#secret}`);
  }

  /** Whether one of our own pages sent a form, in this browser. */
  isOurForm(token: string | null): boolean {
    const origin = this.#request.headers.get("origin");
    const site = this.#request.headers.get("sec-fetch-site");
    if (origin !== null && origin !== this.#services.host.origin) return false;
    if (site !== null && site !== "same-origin") return false;
    return token !== null && sameSecret(token, this.csrf);
  }

  /** Everyone who is signed in here, the most recent first. Excludes members who are taken down. */
  async signedIn(): Promise<SignedIn[]> {
    this.#people ??= await peopleOn(this.#db, this.#id);
    const once = this.#once;
    return this.#people
      .map((row) => ({ ...row, member: asMember(row.account) }))
      .filter(({ member: { did, takedown }, remembered, signedInAt }) => {
        const counts = remembered || (once?.did === did && Date.now() - signedInAt < ONCE_MS);
        return counts && takedown === null;
      })
      .map(({ member, signedInAt: at, role: held }) => {
        const requestUri = once?.did === member.did ? once.request : null;
        return { member, at, stale: Date.now() - at > SIGNED_IN_MS, requestUri, role: held };
      })
      .toSorted((a, b) => b.at - a.at);
  }

  /** Records that a member proved who they are: kept on this browser if `remember`, else only for a while. */
  async signIn(did: Did, remember: boolean, requestUri: string | null): Promise<void> {
    const now = Date.now();
    this.#secret = randomHex(16);
    const device = {
      secretDigest: digestOf(this.#secret),
      userAgent: userAgentOf(this.#request),
      address: clientAddress(this.#request),
      seenAt: now,
    };
    await this.#db
      .insert(oauthDevice)
      .values({ id: this.#id, createdAt: now, ...device })
      .onConflictDoUpdate({ target: oauthDevice.id, set: device });
    const { deviceId, did: account } = oauthDeviceAccount;
    await this.#db
      .insert(oauthDeviceAccount)
      .values({ deviceId: this.#id, did, remembered: remember, createdAt: now, signedInAt: now })
      .onConflictDoUpdate({ target: [deviceId, account], set: { remembered: remember, signedInAt: now } });
    this.#people = null;
    this.#once = { did, device: this.#id, request: requestUri, at: now };
    this.#setCookie();
    this.#setOnce();
  }

  /** Copies of the member's pages that the browser has kept go as well. */
  async signOut(did: Did): Promise<void> {
    this.#people = null;
    this.#forgets = true;
    await this.#db
      .delete(oauthDeviceAccount)
      .where(and(eq(oauthDeviceAccount.deviceId, this.#id), eq(oauthDeviceAccount.did, did)));
    if (this.#once?.did === did) {
      this.#once = null;
      this.#setOnce();
    }
  }

  /** Adds the cookies that this request changed. */
  writeTo(headers: Headers): Headers {
    for (const cookie of this.#cookies) headers.append("set-cookie", cookie);
    if (this.#forgets) headers.set("clear-site-data", '"cache", "storage"');
    return headers;
  }

  #readOnce(): Once | null {
    const [text = "", mac = ""] = (cookieOf(this.#request, nameOf("atoll-once", this.#services)) ?? "").split(
      ".",
    );
    if (text === "" || !sameSecret(mac, macOf(this.#key("once"), text))) return null;
    const once: Once = JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
    return once.device === this.#id && Date.now() - once.at < ONCE_MS ? once : null;
  }

  #setOnce(): void {
    const name = nameOf("atoll-once", this.#services);
    if (this.#once === null) {
      this.#cookies.push(`${name}=; Max-Age=0; ${this.#attributes()}`);
      return;
    }
    const text = btoa(JSON.stringify(this.#once))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
    this.#cookies.push(`${name}=${text}.${macOf(this.#key("once"), text)}; ${this.#attributes()}`);
  }

  #setCookie(): void {
    const name = nameOf("atoll-browser", this.#services);
    this.#cookies.push(
      `${name}=${this.#id}.${this.#secret}; Max-Age=${COOKIE_SECONDS}; ${this.#attributes()}`,
    );
  }

  #attributes(): string {
    return `Path=/; HttpOnly; SameSite=Lax${isSecure(this.#services) ? "; Secure" : ""}`;
  }

  #key(use: string): Uint8Array {
    return derivedKey(this.#hostSecret, use);
  }

  async #seen(): Promise<void> {
    const address = clientAddress(this.#request);
    await this.#db
      .update(oauthDevice)
      .set({ seenAt: Date.now(), address, userAgent: userAgentOf(this.#request) })
      .where(eq(oauthDevice.id, this.#id));
  }
}

/** Enough to tell browsers apart. */
const userAgentOf = (request: Request) => request.headers.get("user-agent")?.slice(0, 256) ?? null;

/** Whether a request comes from a browser that has been here: others are nobody's. */
export const hasBrowserCookie = (request: Request, services: Services): boolean =>
  cookieOf(request, nameOf("atoll-browser", services)) !== null;

const isSecure = ({ host }: Services) => host.origin.startsWith("https:");

/**
 * The `__Host-` prefix keeps other hosts of the same domain from planting a cookie (RFC 6265bis, section
 * 4.1.3.2).
 */
export const nameOf = (name: string, services: Services) => (isSecure(services) ? `__Host-${name}` : name);

/** A cookie of the host's own, for all its paths and no script. Lives for some seconds. */
export const ownCookie = (name: string, value: string, seconds: number, services: Services): string =>
  `${nameOf(name, services)}=${value}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax${isSecure(services) ? "; Secure" : ""}`;

export function cookieOf(request: Request, name: string): string | null {
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}
