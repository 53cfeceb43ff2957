/** Members who write at a steady rate, and how long each write took. */
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { xrpc } from "../../dev/xrpc-client.ts";

interface Member {
  did: string;
  authorization: string;
}

const NOTE = "com.example.note";

async function signUp(origin: string, name: string): Promise<Member> {
  const input = { handle: `${name}.test`, email: `${name}@example.test`, password: `password of ${name}` };
  const made = (await xrpc(origin, "com.atproto.server.createAccount", { input })) as {
    did: string;
    accessJwt: string;
  };
  return { did: made.did, authorization: `Bearer ${made.accessJwt}` };
}

export class Writers {
  readonly #origin: string;
  readonly #members: Member[];
  /** Milliseconds of each write. */
  readonly ms: number[] = [];
  readonly failures: string[] = [];
  #next = 0;

  private constructor(origin: string, members: Member[]) {
    this.#origin = origin;
    this.#members = members;
  }

  static async signUp(origin: string, count: number): Promise<Writers> {
    const members: Member[] = [];
    for (let n = 0; n < count; n++) members.push(await signUp(origin, `writer${n}`));
    return new Writers(origin, members);
  }

  /** Writes one record, or 200 of a kilobyte each: a frame of about 2.5 or 200 kB. */
  async write(isHeavy: boolean): Promise<void> {
    const { did, authorization } =
      this.#members[this.#next++ % this.#members.length] ?? this.#members[0] ?? none();
    const begun = performance.now();
    try {
      await (isHeavy ? this.#writeMany(did, authorization) : this.#writeOne(did, authorization));
      this.ms.push(performance.now() - begun);
    } catch (thrown) {
      this.failures.push(String(thrown));
    }
  }

  #writeOne(repo: string, authorization: string): Promise<unknown> {
    const record = { $type: NOTE, text: "x".repeat(300) };
    return xrpc(this.#origin, "com.atproto.repo.createRecord", {
      input: { repo, collection: NOTE, record },
      authorization,
    });
  }

  #writeMany(repo: string, authorization: string): Promise<unknown> {
    const writes = Array.from({ length: 200 }, () => ({
      $type: "com.atproto.repo.applyWrites#create",
      collection: NOTE,
      value: { $type: NOTE, text: randomBytes(330).toString("hex") },
    }));
    return xrpc(this.#origin, "com.atproto.repo.applyWrites", { input: { repo, writes }, authorization });
  }
}

function none(): never {
  throw new Error("no members");
}

/** Calls `step` so often a second, whatever the calls take, and waits for the last of them. */
export async function steadily(
  rate: number,
  seconds: number,
  step: (n: number) => Promise<void>,
): Promise<void> {
  const begun = performance.now();
  const open = new Set<Promise<void>>();
  for (let n = 0; n < rate * seconds; n++) {
    const due = begun + (n * 1000) / rate;
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const made = step(n).finally(() => open.delete(made));
    open.add(made);
  }
  await Promise.all(open);
}
