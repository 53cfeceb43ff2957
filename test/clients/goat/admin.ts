/**
 * `goat pds admin …`: with the admin password over Basic authentication, and the SDK's default user agent.
 */
import { createAccount, listAccounts, must, type NewAccount } from "./account.ts";
import { AdminAuth, ApiClient } from "./client.ts";
import type { Goat } from "./goat.ts";
import { bool, int64, list, pointer, raw, string, struct, type GoType } from "./json.ts";

const inviteCode = struct({
  available: int64,
  code: string,
  createdAt: string,
  createdBy: string,
  disabled: bool,
  forAccount: string,
  uses: list(struct({ usedAt: string, usedBy: string })),
});

const accountView = struct({
  deactivatedAt: pointer(string),
  did: string,
  email: pointer(string),
  emailConfirmedAt: pointer(string),
  handle: string,
  indexedAt: string,
  inviteNote: pointer(string),
  invitedBy: pointer(inviteCode),
  invites: list(inviteCode),
  invitesDisabled: pointer(bool),
  relatedRecords: list(raw),
  threatSignatures: list(struct({ property: string, value: string })),
});

const statusAttribute = pointer(struct({ applied: bool, ref: pointer(string) }));

/** A union, read by `$type`. goat cannot print an answer that is none of the three. */
const subject: GoType<Record<string, unknown>> = (value, at) => {
  const { $type } = struct({ $type: string })(value, at);
  if ($type === "com.atproto.admin.defs#repoRef") return struct({ $type: string, did: string })(value, at);
  if ($type === "com.atproto.repo.strongRef") {
    return struct({ $type: string, uri: string, cid: string })(value, at);
  }
  if ($type === "com.atproto.admin.defs#repoBlobRef") {
    return struct({ $type: string, cid: string, did: string, recordUri: pointer(string) })(value, at);
  }
  throw new Error("can not marshal empty union as JSON");
};

const subjectStatus = struct({ deactivated: statusAttribute, subject, takedown: statusAttribute });
const changedStatus = struct({ subject, takedown: statusAttribute });

export class Admin {
  readonly #goat: Goat;
  readonly #client: ApiClient;

  constructor(goat: Goat, { host, password }: { host: string; password: string }) {
    this.#goat = goat;
    this.#client = new ApiClient(host, { auth: new AdminAuth(password) });
  }

  /** `account list` */
  list() {
    return listAccounts(this.#client);
  }

  /** `account takedown <account> [--reverse]` */
  async takedown(account: string, { reverse = false } = {}) {
    const did = await this.#goat.didOf(account);
    return this.#setTakedown({ $type: "com.atproto.admin.defs#repoRef", did }, !reverse);
  }

  /** `account delete <account>` */
  async delete(account: string): Promise<void> {
    await this.#client.procedure("com.atproto.admin.deleteAccount", { did: await this.#goat.didOf(account) });
  }

  /** `account info <account>` */
  async info(account: string) {
    const did = await this.#goat.didOf(account);
    return this.#client.query("com.atproto.admin.getAccountInfo", { did }, accountView);
  }

  /** `account update <account> [--email …] [--handle …]` */
  async update(account: string, { email, handle }: { email?: string; handle?: string }): Promise<void> {
    const did = await this.#goat.didOf(account);
    if (email !== undefined) {
      await this.#client.procedure("com.atproto.admin.updateAccountEmail", { account: did, email });
    }
    if (handle !== undefined) {
      await this.#client.procedure("com.atproto.admin.updateAccountHandle", { did, handle });
    }
  }

  /** `account reset-password <account>`: prints the new password, 26 letters and digits. */
  async resetPassword(account: string): Promise<string> {
    const did = await this.#goat.didOf(account);
    const random = crypto.getRandomValues(new Uint8Array(26));
    const password = [...random].map((byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32]).join("");
    await this.#client.procedure("com.atproto.admin.updateAccountPassword", { did, password });
    return password;
  }

  /** `account create …`: creates an invite code for one use, then the account. */
  async create(wanted: Omit<NewAccount, "inviteCode" | "pdsHost">) {
    const [code = ""] = await this.createInvites();
    return createAccount(this.#goat, { ...wanted, pdsHost: this.#client.host, inviteCode: code });
  }

  /** `blob status <account> <cid>` */
  async blobStatus(account: string, cid: string) {
    const did = await this.#goat.didOf(account);
    return this.#client.query("com.atproto.admin.getSubjectStatus", { blob: cid, did }, subjectStatus);
  }

  /** `blob purge <account> <cid> [--reverse]` */
  async purge(account: string, cid: string, { reverse = false } = {}) {
    const did = await this.#goat.didOf(account);
    return this.#setTakedown({ $type: "com.atproto.admin.defs#repoBlobRef", cid, did }, !reverse);
  }

  /** `create-invites [--count …] [--uses …]` */
  async createInvites({ count = 1, uses = 1 } = {}): Promise<string[]> {
    const codes: string[] = [];
    for (let i = 0; i < count; i++) {
      const made = await this.#client.procedure(
        "com.atproto.server.createInviteCode",
        { useCount: uses },
        struct({ code: string }),
      );
      codes.push(must(made).code);
    }
    return codes;
  }

  async #setTakedown(of: Record<string, string>, applied: boolean) {
    const input = { subject: of, takedown: { applied } };
    return must(await this.#client.procedure("com.atproto.admin.updateSubjectStatus", input, changedStatus));
  }
}
