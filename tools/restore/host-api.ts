/** Calls to a host as its admin. What a busy host, or a broken line, refuses is tried again for a while. */
import { setTimeout as wait } from "node:timers/promises";
import { LaunchError } from "../dev/ports.ts";
import { XrpcError, basic, xrpc, type XrpcCall } from "../dev/xrpc-client.ts";

const TRIES = 6;

export class HostApi {
  readonly origin: string;
  readonly authorization: string;
  readonly #tries: number;

  /** @param tries of a call, each after twice the pause before */
  constructor(origin: string, adminPassword: string, tries = TRIES) {
    this.#tries = tries;
    this.origin = origin;
    this.authorization = basic("admin", adminPassword);
  }

  query<Answer>(nsid: string, params: Record<string, unknown> = {}): Promise<Answer> {
    return this.#call<Answer>(nsid, { params });
  }

  send<Answer = object>(nsid: string, input: object): Promise<Answer> {
    return this.#call<Answer>(nsid, { input });
  }

  upload<Answer>(
    nsid: string,
    params: Record<string, unknown>,
    bytes: Uint8Array,
    type: string,
  ): Promise<Answer> {
    return this.#call<Answer>(nsid, { params, input: bytes, type });
  }

  async #call<Answer>(nsid: string, call: XrpcCall): Promise<Answer> {
    for (let tried = 1; ; tried++) {
      try {
        return await xrpc<Answer>(this.origin, nsid, { ...call, authorization: this.authorization });
      } catch (thrown) {
        const isAnswer = thrown instanceof XrpcError;
        const mayPass = isAnswer ? thrown.status === 429 || thrown.status >= 500 : true;
        if (mayPass && tried < this.#tries) {
          await wait(500 * 2 ** tried);
          continue;
        }
        // Every answer that is no XRPC failed on its way.
        if (isAnswer || !(thrown instanceof TypeError)) throw thrown;
        throw new LaunchError(`${this.origin} does not answer. Nothing is lost: try again.`);
      }
    }
  }
}
