/**
 * The memory that an isolate lends. Its requests and objects share 128 MB, so whatever holds more than a few
 * kilobytes for somebody outside borrows them first, from the lender of its kind: no kind can starve another.
 * While a lender has too little, borrowers wait. Loans that make no progress end meanwhile: those of readers
 * and senders that have stalled, and those of requests that died without giving back.
 */
import { Refusal } from "./refusal.ts";

/** How long a loan may make no progress while others wait, in milliseconds. */
const STALLED_MS = 10_000;
/** How long a borrower waits: longer than a stalled loan lasts. */
const PATIENCE_MS = 15_000;
const POLL_MS = 100;
/** How often the holder of a loan looks whether it has ended. */
const LOOK_MS = 1_000;
/** After this long without a look, a borrower is no longer there, in milliseconds. */
const DEAD_MS = 5_000;
/** Borrowers that wait at the same time. Each is a request that holds a little memory itself. */
const MOST_WAITING = 100;

const busy = () =>
  new Refusal("NotEnoughResources", "Too much at once, try again", 503, { "retry-after": "5" });
const stalled = () => new Refusal("RequestTimeout", "The request stalled while others waited", 408);

/** Smaller buffers are left to the collector, and some are parts of a pool. */
const LARGE = 32 * 1024;

/**
 * Frees the whole buffer of these bytes, if it is large. Nobody may use it any more. The collector would come
 * late: to it, a buffer of megabytes is an object of a hundred bytes.
 */
export function free({ buffer }: Uint8Array): void {
  if (buffer.byteLength < LARGE || !(buffer instanceof ArrayBuffer)) return;
  try {
    buffer.transfer(0);
  } catch {
    // Node's pool of buffers cannot be freed, and is reused.
  }
}

export class Loan {
  #bytes: number;
  readonly #lender: Lender;
  #hasEnded = false;

  constructor(lender: Lender, bytes: number) {
    this.#lender = lender;
    this.#bytes = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Must be called whenever the borrower gets on. */
  touch(): void {
    this.#lender.touch(this);
  }

  /**
   * Calls `onEnd` with RequestTimeout (408) once the loan is ended before it is given back. Looks for that by a
   * timer of the caller's: the runtime lets no request settle another's promise.
   * @returns what stops that
   */
  watch(onEnd: (why: Refusal) => void): () => void {
    const timer = setInterval(() => {
      if (!this.#hasEnded) return;
      clearInterval(timer);
      onEnd(stalled());
    }, LOOK_MS);
    return () => clearInterval(timer);
  }

  /** Waits for a step of the borrower's. Refuses RequestTimeout (408) if the loan ends meanwhile. */
  async during<Result>(step: Promise<Result>): Promise<Result> {
    let stop = () => {};
    const ended = new Promise<never>((_, reject) => (stop = this.watch(reject)));
    try {
      return await Promise.race([step, ended]);
    } finally {
      stop();
      this.touch();
    }
  }

  /** Borrows more, at once or not at all. A loan that has ended gets nothing. */
  grow(bytes: number): boolean {
    if (!this.#lender.grow(this, bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Like `grow`, but waits. Refuses NotEnoughResources (503), RequestTimeout (408). */
  async growSoon(bytes: number): Promise<void> {
    await this.during(this.#lender.patiently(() => this.grow(bytes)));
  }

  /** May be called at any time, and more than once. */
  giveBack(): void {
    this.#lender.takeBack(this);
  }

  /** Ends the loan although it is still in use. */
  end(): void {
    this.giveBack();
    this.#hasEnded = true;
  }
}

export class Lender {
  readonly #all: number;
  #left: number;
  /** When each loan last made progress, the one that paused longest first. */
  readonly #loans = new Map<Loan, number>();
  /** When each waiting borrower last looked. One that died looks no more. */
  readonly #waiting = new Map<object, number>();

  constructor(bytes: number) {
    this.#all = bytes;
    this.#left = bytes;
  }

  /** Lends at once, or not at all. Ends what has stalled to make room. Whoever wants more than there is gets it all. */
  lend(wanted: number): Loan | null {
    const bytes = Math.min(wanted, this.#all);
    if (!this.#makeRoom(bytes)) return null;
    const loan = new Loan(this, bytes);
    this.#left -= bytes;
    this.#loans.set(loan, Date.now());
    return loan;
  }

  /** Lends at once. Refuses NotEnoughResources (503). */
  lendOrRefuse(bytes: number): Loan {
    const loan = this.lend(bytes);
    if (loan === null) throw busy();
    return loan;
  }

  /** Like `lend`, but waits. Refuses NotEnoughResources (503). */
  borrow(bytes: number): Promise<Loan> {
    return this.patiently(() => this.lend(bytes));
  }

  /** Tries until there is a result. Refuses NotEnoughResources (503) when there is none in time. */
  async patiently<Result>(attempt: () => Result | null | false): Promise<Result> {
    const atOnce = attempt();
    if (atOnce !== null && atOnce !== false) return atOnce;
    this.#forgetTheDead();
    if (this.#waiting.size >= MOST_WAITING) throw busy();
    const waiter = {};
    try {
      for (const until = Date.now() + PATIENCE_MS; Date.now() < until;) {
        this.#waiting.set(waiter, Date.now());
        await scheduler.wait(POLL_MS);
        const result = attempt();
        if (result !== null && result !== false) return result;
      }
    } finally {
      this.#waiting.delete(waiter);
    }
    throw busy();
  }

  touch(loan: Loan): void {
    if (this.#loans.delete(loan)) this.#loans.set(loan, Date.now());
  }

  grow(loan: Loan, bytes: number): boolean {
    this.touch(loan);
    if (!this.#loans.has(loan) || !this.#makeRoom(bytes)) return false;
    this.#left -= bytes;
    return true;
  }

  takeBack(loan: Loan): void {
    if (this.#loans.delete(loan)) this.#left += loan.bytes;
  }

  #makeRoom(bytes: number): boolean {
    for (const [loan, progressAt] of this.#loans) {
      if (bytes <= this.#left || Date.now() - progressAt < STALLED_MS) break;
      loan.end();
    }
    return bytes <= this.#left;
  }

  #forgetTheDead(): void {
    for (const [waiter, lookedAt] of this.#waiting) {
      if (Date.now() - lookedAt > DEAD_MS) this.#waiting.delete(waiter);
    }
  }
}

const MB = 1_000_000;

/** Bytes that may be held for others at the same time. The rest of 128 MB is the program, and garbage. */
export const lenders = {
  /** Bodies of requests while they come. */
  bodies: new Lender(8 * MB),
  /** Large inputs while they are dealt with. */
  inputs: new Lender(12 * MB),
  /** Answers of other services while they come. */
  answers: new Lender(8 * MB),
  /** Decompression. */
  unpacking: new Lender(2 * MB),
  /** Uploads: whole ones that announce their size, and parts of the others. */
  uploads: new Lender(16 * MB),
  /** Exports of repos, while they are read. */
  exports: new Lender(12 * MB),
  /** Blocks, pictures and other large answers, while they are read. */
  reads: new Lender(8 * MB),
  /** Archives while they come and are sorted. */
  archives: new Lender(26 * MB),
};
