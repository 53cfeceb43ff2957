/**
 * A repo, or what of it is new, as another host sends it (com.atproto.sync.getRepo): verified, and read as far as it
 * goes. With `since`, subtrees that have not changed are left out; a path is known to be gone only where the tree
 * shows its place.
 */
import { readCar } from "../car.ts";
import { cidFromBytes, type Cid } from "../cid.ts";
import { decodeCommit, isSignedBy } from "../commit.ts";
import { RECORD_BYTES } from "../data-model.ts";
import { decodeNode, lowerBound } from "../mst/node.ts";
import { invalidRequest } from "../refusal.ts";
import { type Held, isTooNew } from "./checks.ts";

export interface ArchivedRecord {
  path: string;
  cid: Cid;
  bytes: Uint8Array;
}

/** Deeper than any valid tree: a SHA-256 allows only 128 layers. */
const MAX_LAYERS = 130;
const MOST_BLOCKS = 200_000;

const refused = (what: string) => invalidRequest(`Invalid archive: ${what}`);

export class Archive {
  readonly held: Held;
  readonly #blocks: ReadonlyMap<Cid, Uint8Array>;

  private constructor(held: Held, blocks: ReadonlyMap<Cid, Uint8Array>) {
    this.held = held;
    this.#blocks = blocks;
  }

  /** Refuses InvalidRequest: malformed, another's, signed by another key, or of the future. */
  static async open(
    car: Uint8Array,
    { did, key, now }: { did: string; key: string; now: number },
  ): Promise<Archive> {
    const { roots, blocks } = readCar(car, { maxBlockBytes: RECORD_BYTES, maxBlocks: MOST_BLOCKS });
    const block = blocks.get(roots[0] ?? "");
    if (block === undefined) throw refused("it has no commit");
    const { did: owner, rev, data } = decodeCommit(block);
    if (owner !== did) throw refused("it is of another repo");
    if (isTooNew(rev, now)) throw refused("it is of the future");
    if (!(await isSignedBy(block, key))) throw refused("the signature is not by the repo's key");
    return new Archive({ rev, data }, blocks);
  }

  /** The records in it, in path order. Refuses InvalidRequest: a block that is no node, keys out of order. */
  *records(): Generator<ArchivedRecord, void, undefined> {
    for (const { path, cid } of this.#entries(this.held.data, 0, { last: "" })) {
      const bytes = this.#blocks.get(cid);
      if (bytes !== undefined) yield { path, cid, bytes };
    }
  }

  *#entries(
    node: Cid,
    depth: number,
    order: { last: string },
  ): Generator<{ path: string; cid: Cid }, void, undefined> {
    const bytes = this.#blocks.get(node);
    if (bytes === undefined) return;
    if (depth > MAX_LAYERS) throw refused("its tree is too deep");
    const { keys, values, links } = decodeNode(bytes);
    for (const [i, link] of links.entries()) {
      if (link !== null) yield* this.#entries(cidFromBytes(link), depth + 1, order);
      const [path, value] = [keys[i], values[i]];
      if (path === undefined || value === undefined) return;
      if (path <= order.last) throw refused("its keys are out of order");
      order.last = path;
      yield { path, cid: cidFromBytes(value) };
    }
  }

  /** Whether the tree shows that there is nothing at the path. False where it does not come as far. */
  lacks(path: string): boolean {
    let at = this.held.data;
    for (let depth = 0; depth <= MAX_LAYERS; depth++) {
      const bytes = this.#blocks.get(at);
      if (bytes === undefined) return false;
      const { keys, links } = decodeNode(bytes);
      const index = lowerBound(keys, path);
      if (keys[index] === path) return false;
      const link = links[index];
      if (!link) return true;
      at = cidFromBytes(link);
    }
    return false;
  }
}
