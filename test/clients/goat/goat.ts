/** What goat's commands share: the session in a file, and how a command that needs a client gets one. */
import { isDid, isHandle } from "@atcute/lexicons/syntax";
import { ApiClient, PasswordAuth, type Session, loginAt } from "./client.ts";
import { type Directory, USER_AGENT } from "./directory.ts";
import { bool, pointer, raw, string, struct } from "./json.ts";

/** `auth-session.json`. */
interface SavedSession extends Session {
  password: string;
}

const session = struct({
  active: pointer(bool),
  did: string,
  didDoc: pointer(raw),
  email: pointer(string),
  emailAuthFactor: pointer(bool),
  emailConfirmed: pointer(bool),
  handle: string,
  status: pointer(string),
});

export class Goat {
  readonly directory: Directory;
  /** Null if there is no file. */
  saved: SavedSession | null = null;
  /** How often a refresh has written the file. */
  refreshes = 0;

  constructor(directory: Directory) {
    this.directory = directory;
  }

  /** `goat account login [--pds-host]` */
  async login(username: string, password: string, { pdsHost }: { pdsHost?: string } = {}): Promise<void> {
    const client =
      pdsHost === undefined
        ? await this.#loginBy(username, password)
        : await loginAt(pdsHost, { identifier: username, password }, this.#keep);
    if (!(client.auth instanceof PasswordAuth)) throw new Error("expected password auth");
    this.saved = { ...client.auth.session, password };
  }

  /** `goat account logout`: deletes the file; no host is told. */
  logout(): void {
    this.saved = null;
  }

  /** The saved session if it still works; otherwise a new one with the saved password. */
  async client(): Promise<ApiClient> {
    if (this.saved === null) throw new Error("auth required, but not logged in");
    const { password, ...kept } = this.saved;
    const auth = new PasswordAuth(kept, this.#keep);
    const client = new ApiClient(kept.host, { auth, did: kept.did });
    try {
      await client.query("com.atproto.server.getSession", {}, session);
      return client;
    } catch {
      return this.#loginBy(kept.did, password);
    }
  }

  /** A client without credentials, for any host. */
  open(host: string): ApiClient {
    if (host === "") throw new Error("no PDS endpoint for identity");
    return new ApiClient(host, { agent: USER_AGENT });
  }

  /** The DID for a command's argument. */
  async didOf(identifier: string): Promise<string> {
    if (isDid(identifier)) return identifier;
    if (!isHandle(identifier)) throw new Error(`neither a handle nor a DID: ${identifier}`);
    return this.directory.resolveHandle(identifier.toLowerCase());
  }

  readonly #keep = (fresh: Session) => {
    this.refreshes++;
    this.saved = { password: this.saved?.password ?? "", ...fresh };
  };

  async #loginBy(username: string, password: string): Promise<ApiClient> {
    const { pds, did } = await this.directory.lookup(username);
    if (pds === "") throw new Error("account does not have PDS registered");
    const client = await loginAt(pds, { identifier: did, password }, this.#keep);
    if (client.did !== did) throw new Error(`returned session DID not requested account: ${client.did}`);
    return client;
  }
}

/** The DID that a client is signed in as. */
export function didOfClient({ did }: ApiClient): string {
  if (did === null) throw new Error("require API client to have DID configured");
  return did;
}

/** Optional parameters: generated calls omit zero values. */
export function given(params: Record<string, string | number | boolean>): typeof params {
  const set = Object.entries(params).filter(([, value]) => value !== "" && value !== 0 && value !== false);
  return Object.fromEntries(set);
}

/** Page after page, until the cursor is absent or empty. */
export async function walk<Page extends { cursor: string | null }>(
  page: (cursor: string) => Promise<Page>,
): Promise<Page[]> {
  const pages: Page[] = [];
  for (let cursor = ""; ;) {
    const found = await page(cursor);
    pages.push(found);
    if (pages.length > 100) throw new Error("the pages do not end");
    if (found.cursor === null || found.cursor === "") return pages;
    cursor = found.cursor;
  }
}
