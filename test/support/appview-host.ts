/** A small community on a host, as an app sees it over HTTP: members who write records and read views. */
import { type CallOptions, type Member, type Reply, join, xrpc } from "./account-host.ts";

export interface Ref {
  uri: string;
  cid: string;
}

/** Views by field name, unchecked: assertions say what must be in them. */
// oxlint-disable-next-line typescript/no-explicit-any -- a view of any method, taken apart by assertions
export type View = any;

export class Person {
  readonly member: Member;

  constructor(member: Member) {
    this.member = member;
  }

  static async join(name: string): Promise<Person> {
    return new Person(await join(name));
  }

  get did(): string {
    return this.member.did;
  }

  call(nsid: string, options: CallOptions = {}): Promise<Reply> {
    return xrpc(nsid, { ...options, auth: this.member.auth });
  }

  /** A query that must succeed. */
  async get(nsid: string, params: Record<string, string | string[]> = {}): Promise<View> {
    return succeed(nsid, await this.call(nsid, { params }));
  }

  /** A procedure that must succeed. */
  async do(nsid: string, input: object): Promise<View> {
    return succeed(nsid, await this.call(nsid, { input }));
  }

  /** Calls a method that must be refused; returns status, name and message. */
  async refused(nsid: string, options: CallOptions): Promise<string> {
    const { status, body } = await this.call(nsid, options);
    return `${status} ${String(body.error)}: ${String(body.message)}`;
  }

  async write(collection: string, record: object, rkey?: string): Promise<Ref> {
    const body = { $type: collection, createdAt: new Date().toISOString(), ...record };
    return this.do(rkey === undefined ? "com.atproto.repo.createRecord" : "com.atproto.repo.putRecord", {
      repo: this.did,
      collection,
      record: body,
      ...(rkey === undefined ? {} : { rkey }),
    });
  }

  async erase({ uri }: Ref): Promise<void> {
    const [, , repo, collection, rkey] = uri.split("/");
    await this.do("com.atproto.repo.deleteRecord", { repo, collection, rkey });
  }

  post(text: string, more: object = {}): Promise<Ref> {
    return this.write("app.bsky.feed.post", { text, ...more });
  }
  reply(text: string, parent: Ref, root: Ref = parent): Promise<Ref> {
    return this.post(text, { reply: { parent: strong(parent), root: strong(root) } });
  }
  follow(whom: Person): Promise<Ref> {
    return this.write("app.bsky.graph.follow", { subject: whom.did });
  }
  block(whom: Person): Promise<Ref> {
    return this.write("app.bsky.graph.block", { subject: whom.did });
  }
  list(name: string, purpose: "modlist" | "curatelist" | "referencelist"): Promise<Ref> {
    return this.write("app.bsky.graph.list", { name, purpose: `app.bsky.graph.defs#${purpose}` });
  }
  enlist(list: Ref, whom: Person): Promise<Ref> {
    return this.write("app.bsky.graph.listitem", { list: list.uri, subject: whom.did });
  }
}

const strong = ({ uri, cid }: Ref): Ref => ({ uri, cid });

/** A read without a session that must succeed. */
export async function anyone(nsid: string, params: Record<string, string | string[]> = {}): Promise<View> {
  return succeed(nsid, await xrpc(nsid, { params }));
}

function succeed(nsid: string, { status, body }: Reply): View {
  if (status !== 200) throw new Error(`${nsid}: ${status} ${JSON.stringify(body)}`);
  return body;
}

export const didsOf = (views: View[]): string[] => views.map(({ did }) => did);
