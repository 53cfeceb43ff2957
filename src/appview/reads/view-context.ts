/**
 * The AppView's read side. It uses the two databases alone and calls no Durable Object. A read is skeleton →
 * hydrate → rules → present, in at most three round trips to the index. What only the viewer may know (mutes,
 * bookmarks, seen-at) comes from the directory in parallel.
 */
import type { Did } from "@atcute/lexicons";
import type { Bindings } from "../../protocol/stations.ts";
import { ImageUris } from "../images.ts";
import type { Elsewhere } from "./elsewhere.ts";
import type { LabelingHost } from "./host-labeler.ts";
import { type Labelers, parseLabelers } from "./labelers.ts";
import { MutedLists } from "./muted-lists.ts";
import { SharedTrips } from "./shared-trips.ts";

/** The origin that serves the images in views, and the labeler that applies when a request names none. */
export interface ViewHost extends LabelingHost {
  origin: string;
  /** Of earlier addresses, in whose name older labels were given. */
  formerDids?: readonly Did[];
}

/** The view context of one request: its viewer, its labelers and the databases. */
export interface ViewContext {
  /** The index. */
  db: D1Database;
  directory: D1Database;
  viewer: Did | null;
  labelers: Labelers;
  images: ImageUris;
  host: LabelingHost;
  /** Milliseconds. */
  now: number;
  /** Receives the rev up to which the viewer's repo is indexed, from reads that happen to learn it. */
  sawRev?: (rev: string) => void;
  mutedLists: MutedLists;
  /** For members: looks up at other hosts what the index does not have. */
  elsewhere: Elsewhere | null;
  /** How many pages are read for one answer, where rules thin them out. Each takes up to sixteen queries. */
  rounds: number;
}

/** The view context of a request with a viewer. */
export type MemberViewContext = ViewContext & { viewer: Did };

/** So that an answer stays below the fifty queries that the free plan allows. */
const ROUNDS = 3;
/** A page has its badge to read besides. One that comes out short goes on at its end. */
const ROUNDS_OF_PAGE = 1;

/** The contexts of a web page. */
export interface PageContexts<Viewer extends Did | null> {
  reading: ViewContext & { viewer: Viewer };
  /** For what stands beside it: goes with the page's own trips, or waits until `end`. */
  beside: ViewContext & { viewer: Viewer };
  /** Says that the page itself has read all that it needs. */
  end: () => void;
}

export class AppViewReads {
  private readonly databases: Pick<Bindings, "APPVIEW_DB" | "DIRECTORY">;
  private readonly host: ViewHost;

  constructor(databases: Pick<Bindings, "APPVIEW_DB" | "DIRECTORY">, host: ViewHost) {
    this.databases = databases;
    this.host = host;
  }

  /**
   * Creates a view context. The `atproto-accept-labelers` header of `request` chooses the labelers; `reply`
   * gets the header that says which were applied.
   */
  on<Viewer extends Did | null>(
    viewer: Viewer,
    request?: Request,
    reply?: Headers,
  ): ViewContext & { viewer: Viewer } {
    const { did, formerDids = [] } = this.host;
    const wanted = request?.headers.get("atproto-accept-labelers") ?? null;
    const labelers = parseLabelers(wanted, [did, ...formerDids]);
    reply?.set("atproto-content-labelers", labelers.header);
    const directory = this.databases.DIRECTORY;
    return {
      db: this.databases.APPVIEW_DB,
      directory,
      viewer,
      labelers,
      images: new ImageUris(this.host.origin),
      host: this.host,
      now: Date.now(),
      mutedLists: new MutedLists(directory, viewer),
      elsewhere: null,
      rounds: ROUNDS,
    };
  }

  /** @param elsewhere for the page itself; what stands beside it is not looked up */
  onPage<Viewer extends Did | null>(viewer: Viewer, elsewhere: Elsewhere | null): PageContexts<Viewer> {
    const index = new SharedTrips(this.databases.APPVIEW_DB);
    const directory = new SharedTrips(this.databases.DIRECTORY);
    const of = (db: D1Database, own: D1Database) => ({
      ...this.on(viewer),
      db,
      directory: own,
      mutedLists: new MutedLists(own, viewer),
      rounds: ROUNDS_OF_PAGE,
    });
    return {
      reading: { ...of(index.db, directory.db), elsewhere },
      beside: of(index.beside, directory.beside),
      end() {
        index.end();
        directory.end();
      },
    };
  }
}
