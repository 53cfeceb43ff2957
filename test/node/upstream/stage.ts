/** A host whose AppView is elsewhere, and members whose newest records that AppView has not seen. */
import { type RunningHost, startHost } from "../../../tools/dev/host.ts";
import type { WorkerVars } from "../../../tools/dev/configuration.ts";
import { xrpc } from "../../../tools/dev/xrpc-client.ts";
import { type Answer, type StandIn, startStandIn } from "./stand-in.ts";

export const PASSWORD = "correct horse battery";
export const POST = "app.bsky.feed.post";
export const PROFILE = "app.bsky.actor.profile";

/** Views by field name, unchecked: assertions say what must be in them. */
// oxlint-disable-next-line typescript/no-explicit-any -- a view of any method, taken apart by assertions
export type View = any;

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** Undefined if it is not JSON. */
  body: View;
}

export interface Ref {
  uri: string;
  cid: string;
}

export interface Stage {
  host: RunningHost;
  hostDid: string;
  appview: StandIn;
  /** The host's warnings. */
  warnings: string[];
  stop(): Promise<void>;
}

export async function setStage(vars: WorkerVars = {}): Promise<Stage> {
  const appview = await startStandIn(["#bsky_appview"]);
  const warnings: string[] = [];
  const host = await startHost({
    vars: { REGISTRATION: "open", RATE_LIMITS: "off", APPVIEW: `${appview.did}#bsky_appview`, ...vars },
    log: ({ message }) => {
      if (/"level":"(warn|error)"|read-after-write/.test(message)) warnings.push(message);
    },
  });
  return {
    host,
    hostDid: `did:web:${new URL(host.origin).host.replace(":", "%3A")}`,
    appview,
    warnings,
    async stop() {
      await host.stop();
      await appview.stop();
    },
  };
}

export async function ask(
  origin: string,
  nsid: string,
  params: Record<string, string | string[]> = {},
  init: RequestInit = {},
): Promise<Reply> {
  const url = new URL(`/xrpc/${nsid}`, origin);
  for (const [name, values] of Object.entries(params)) {
    for (const value of [values].flat()) url.searchParams.append(name, value);
  }
  const response = await fetch(url, init);
  const text = await response.text();
  let body: View;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status: response.status, headers: response.headers, text, body };
}

export class Member {
  readonly stage: Stage;
  readonly did: string;
  readonly handle: string;
  readonly auth: string;
  /** The rev that the AppView has seen. */
  seen = "";

  private constructor(stage: Stage, did: string, handle: string, auth: string) {
    this.stage = stage;
    this.did = did;
    this.handle = handle;
    this.auth = auth;
  }

  /** A new member, with a profile and a post that the AppView knows. */
  static async join(stage: Stage, name = `m${Math.random().toString(36).slice(2, 10)}`): Promise<Member> {
    const handle = `${name}.test`;
    const made = (await xrpc(stage.host.origin, "com.atproto.server.createAccount", {
      input: { handle, email: `${name}@example.com`, password: PASSWORD },
    })) as { did: string; accessJwt: string };
    const member = new Member(stage, made.did, handle, `Bearer ${made.accessJwt}`);
    await member.post("an old post");
    await member.settle();
    return member;
  }

  /** Writes a profile; then the AppView has seen everything. */
  async settle(): Promise<void> {
    await this.profile({ displayName: "Before", description: "as it was" });
    await this.show();
  }

  /** Lets the AppView catch up. */
  async show(): Promise<void> {
    const { body } = await ask(this.stage.host.origin, "com.atproto.sync.getLatestCommit", { did: this.did });
    this.seen = String(body.rev);
  }

  /** The AppView's answer, with the rev that it has seen. */
  knowing = (body: unknown, more: Answer = {}): Answer => ({
    ...more,
    headers: { "atproto-repo-rev": this.seen, ...more.headers },
    body,
  });

  get(
    nsid: string,
    params: Record<string, string | string[]> = {},
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const init = { headers: { authorization: this.auth, ...headers } };
    return ask(this.stage.host.origin, nsid, params, init);
  }

  async do(nsid: string, input: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return ask(
      this.stage.host.origin,
      nsid,
      {},
      {
        method: "POST",
        headers: { authorization: this.auth, "content-type": "application/json", ...headers },
        body: JSON.stringify(input),
      },
    );
  }

  async write(collection: string, record: object, rkey?: string): Promise<Ref> {
    const body = { $type: collection, createdAt: new Date().toISOString(), ...record };
    const { status, body: written } = await this.do(
      `com.atproto.repo.${rkey === undefined ? "createRecord" : "putRecord"}`,
      { repo: this.did, collection, record: body, ...(rkey === undefined ? {} : { rkey }) },
    );
    if (status !== 200) throw new Error(JSON.stringify(written));
    return { uri: String(written.uri), cid: String(written.cid) };
  }

  post = (text: string, more: object = {}) => this.write(POST, { text, ...more });
  profile = (record: object) => this.write(PROFILE, record, "self");
  reply = (text: string, parent: Ref, root: Ref = parent) => this.post(text, { reply: { parent, root } });

  async upload(bytes: Uint8Array, type: string): Promise<{ ref: { $link: string } }> {
    const response = await fetch(`${this.stage.host.origin}/xrpc/com.atproto.repo.uploadBlob`, {
      method: "POST",
      headers: { authorization: this.auth, "content-type": type },
      body: bytes as BodyInit,
    });
    return ((await response.json()) as { blob: { ref: { $link: string } } }).blob;
  }
}

/** An invented account that the AppView knows. */
export const stranger = { did: "did:plc:strangerstrangerstranger", handle: "stranger.example.com" };

const CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";

/** app.bsky.feed.defs#postView as an AppView would return it. */
export function postView(
  name: string,
  { did, handle }: { did: string; handle: string },
  minutesAgo: number,
  more: object = {},
): View {
  const indexedAt = new Date(Date.now() - minutesAgo * 60_000).toISOString();
  return {
    uri: `at://${did}/${POST}/${name}`,
    cid: CID,
    author: { did, handle, displayName: "Before", avatar: "https://cdn.example.com/before", labels: [] },
    record: { $type: POST, text: name, createdAt: indexedAt },
    likeCount: 7,
    indexedAt,
    ...more,
  };
}

export const strong = ({ uri, cid }: Ref): Ref => ({ uri, cid });

export const textsOf = (feed: View[]): string[] => feed.map(({ post }) => post.record.text);
