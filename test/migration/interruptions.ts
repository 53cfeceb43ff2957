/**
 * Cuts a move short at each of its steps, in two ways. Either the host is killed while it answers, and the
 * client dies with it. Or the host completes the request, and the client dies before it gets the answer.
 */
import type { StepName } from "../../tools/migrate/move.ts";

/** The request that belongs to a step; for blobs, not the first of many. */
const OF_STEP: Record<StepName, { nsid: string; nth: number }[]> = {
  archive: [{ nsid: "com.atproto.sync.getRepo", nth: 1 }],
  account: [{ nsid: "com.atproto.server.createAccount", nth: 1 }],
  repo: [{ nsid: "com.atproto.repo.importRepo", nth: 1 }],
  blobs: [{ nsid: "com.atproto.repo.uploadBlob", nth: 12 }],
  preferences: [{ nsid: "app.bsky.actor.putPreferences", nth: 1 }],
  compare: [{ nsid: "com.atproto.server.checkAccountStatus", nth: 1 }],
  identity: [
    { nsid: "com.atproto.identity.signPlcOperation", nth: 1 },
    { nsid: "com.atproto.identity.submitPlcOperation", nth: 1 },
  ],
  activate: [{ nsid: "com.atproto.server.activateAccount", nth: 1 }],
  deactivate: [{ nsid: "com.atproto.server.deactivateAccount", nth: 1 }],
};

interface Cut {
  step: StepName;
  nsid: string;
  nth: number;
  how: "killed" | "unheard";
}

export class ClientDied extends Error {
  override name = "ClientDied";
}

export class Interruptions {
  /** The cuts made, in order. */
  readonly made: string[] = [];
  readonly #crash: (origin: string) => Promise<void>;
  readonly #real = globalThis.fetch;
  #pending: Cut[] = Object.entries(OF_STEP).flatMap(([step, targets]) =>
    targets.flatMap(({ nsid, nth }) =>
      (["killed", "unheard"] as const).map((how) => ({ step: step as StepName, nsid, nth, how })),
    ),
  );
  #step: StepName | null = null;
  #client = new AbortController();

  /** @param crash kills the host at an origin and restarts it */
  constructor(crash: (origin: string) => Promise<void>) {
    this.#crash = crash;
    globalThis.fetch = (input, init) => this.#fetch(input, init);
  }

  /** A client that may die. */
  newClient(): AbortSignal {
    this.#client = new AbortController();
    return this.#client.signal;
  }

  entering(step: StepName): void {
    this.#step = step;
  }

  /** Steps that were never cut. A step is not repeated because a kill came too late. */
  get uncut(): string[] {
    const cut = new Set(this.made.map((each) => each.split(" ")[0]));
    return Object.keys(OF_STEP).filter((step) => !cut.has(step));
  }

  stop(): void {
    globalThis.fetch = this.#real;
  }

  async #fetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
    // Only the move's own requests are cut; they are the ones with this signal.
    if (init?.signal === undefined || init.signal !== this.#client.signal) return this.#real(input, init);
    const { pathname, origin } = new URL(input instanceof Request ? input.url : input);
    const at = this.#pending.findIndex(
      ({ step, nsid }) => step === this.#step && pathname === `/xrpc/${nsid}`,
    );
    const cut = this.#pending[at];
    if (cut === undefined || --cut.nth > 0) return this.#real(input, init);
    this.#pending.splice(at, 1);
    this.made.push(`${cut.step} ${cut.how}`);
    const sent = this.#real(input, { ...init, signal: null });
    if (cut.how === "killed") {
      await Promise.race([sent.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 15))]);
      await this.#crash(origin);
      sent.then((response) => response.body?.cancel()).catch(() => undefined);
    } else {
      await (await sent).arrayBuffer();
    }
    const died = new ClientDied(`at ${cut.step}, ${cut.how}`);
    this.#client.abort(died);
    throw died;
  }
}
