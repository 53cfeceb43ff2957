/** The look-ups of one member's view: one errand after the other, since they share its bounds. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Elsewhere } from "../../appview/reads/elsewhere.ts";
import { logLine } from "../../protocol/log-line.ts";
import { REQUESTS_MOST } from "./gates.ts";
import type { Errand, Found, LookUpStation } from "./station.ts";

/** How long (ms) an answer waits for what is looked up. */
const PATIENCE_MS = 1_500;
/** How old (ms) an account may be before it is looked up again behind the answer. */
const ACCOUNT_AGE = 6 * 60 * 60_000;

export class Errands implements Elsewhere {
  readonly #station: LookUpStation;
  readonly #errand: Pick<Errand, "member" | "host" | "plc" | "blocked">;
  readonly #defer: (work: Promise<unknown>) => void;
  #left = REQUESTS_MOST;
  #until: number | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    station: LookUpStation,
    errand: Pick<Errand, "member" | "host" | "plc" | "blocked">,
    defer: (work: Promise<unknown>) => void,
  ) {
    this.#station = station;
    this.#errand = errand;
    this.#defer = defer;
  }

  accounts(ids: readonly string[]): Promise<boolean> {
    return this.#run(false, (errand) => this.#station.accounts(errand, [...ids]));
  }

  records(uris: readonly string[]): ReturnType<Elsewhere["records"]> {
    return this.#run({ found: [], indexed: [] }, (errand) => this.#station.records(errand, [...uris]));
  }

  posts(did: Did, { limit, cursor }: Parameters<Elsewhere["posts"]>[1]): ReturnType<Elsewhere["posts"]> {
    return this.#run(null, (errand) => this.#station.posts(errand, did, { limit, cursor }));
  }

  record(uri: ResourceUri): ReturnType<Elsewhere["record"]> {
    return this.#run(null, (errand) => this.#station.record(errand, uri));
  }

  again(did: Did, checked: number): void {
    if (Date.now() - checked >= ACCOUNT_AGE) this.#behind((errand) => this.#station.again(errand, did));
  }

  stillThere(uri: ResourceUri): void {
    this.#behind((errand) => this.#station.stillThere(errand, uri));
  }

  #run<Value>(otherwise: Value, ask: (errand: Errand) => Promise<Found<Value>>): Promise<Value> {
    const turn = this.#turn.then(() => this.#ask(otherwise, ask));
    this.#turn = turn;
    return turn;
  }

  async #ask<Value>(otherwise: Value, ask: (errand: Errand) => Promise<Found<Value>>): Promise<Value> {
    this.#until ??= Date.now() + PATIENCE_MS;
    const patience = this.#until - Date.now();
    if (patience <= 0) return otherwise;
    try {
      const { value, left } = await ask({ ...this.#errand, left: this.#left, patience });
      this.#left = left;
      return value;
    } catch (error) {
      logLine("error", "elsewhere", { error });
      return otherwise;
    }
  }

  #behind(ask: (errand: Errand) => Promise<void>): void {
    const work = ask({ ...this.#errand, left: REQUESTS_MOST, patience: 0 });
    this.#defer(work.catch((error: unknown) => logLine("error", "elsewhere", { error })));
  }
}
