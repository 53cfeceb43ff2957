/**
 * Two readers of one database, on the trips of the first: what the second asks for waits until the first makes
 * a trip, and goes with it. So a page with all that stands beside it takes no more trips than the page alone.
 */
interface Rider {
  statements: D1PreparedStatement[];
  arrive: (results: D1Result[]) => void;
  lose: (thrown: unknown) => void;
}

/** The same database with another way to make a trip. */
const withBatch = (db: D1Database, batch: D1Database["batch"]): D1Database =>
  new Proxy(db, {
    get(target, key) {
      if (key === "batch") return batch;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

export class SharedTrips {
  /** For the reader that makes the trips. */
  readonly db: D1Database;
  /** For the reader that goes along. */
  readonly beside: D1Database;
  readonly #plain: D1Database;
  #riders: Rider[] = [];
  #ended = false;

  constructor(db: D1Database) {
    this.#plain = db;
    this.db = withBatch(db, (statements) => this.#travel(statements));
    this.beside = withBatch(db, (statements) => this.#ride(statements));
  }

  /** No more trips to go along with: whoever waits makes one, and whoever comes makes their own. */
  end(): void {
    this.#ended = true;
    // Whoever waits for it learns that it failed.
    if (this.#riders.length > 0) void this.#travel([]).catch(() => undefined);
  }

  async #travel<Row>(own: D1PreparedStatement[]): Promise<D1Result<Row>[]> {
    const riders = this.#riders;
    this.#riders = [];
    try {
      const results = await this.#plain.batch<Row>([
        ...own,
        ...riders.flatMap(({ statements }) => statements),
      ]);
      let from = own.length;
      for (const { statements, arrive } of riders) {
        arrive(results.slice(from, (from += statements.length)));
      }
      return results.slice(0, own.length);
    } catch (thrown) {
      for (const { lose } of riders) lose(thrown);
      throw thrown;
    }
  }

  #ride<Row>(statements: D1PreparedStatement[]): Promise<D1Result<Row>[]> {
    if (this.#ended) return this.#plain.batch<Row>(statements);
    return new Promise((resolve, lose) => {
      this.#riders.push({ statements, arrive: (results) => resolve(results as D1Result<Row>[]), lose });
    });
  }
}
