/**
 * The AppView's read side. It uses the two databases alone and calls no Durable Object. A read is skeleton →
 * hydrate → rules → present, in at most three round trips to the index. What only the viewer may know (mutes,
 * bookmarks, seen-at) comes from the directory in parallel.
 */
import type { Did } from "@atcute/lexicons";
import type { Bindings } from "../../protocol/stations.ts";
import { ImageUris } from "../images.ts";
import type { LabelingHost } from "./host-labeler.ts";
import { type Labelers, parseLabelers } from "./labelers.ts";
import { MutedLists } from "./muted-lists.ts";

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
}

/** The view context of a request with a viewer. */
export type MemberViewContext = ViewContext & { viewer: Did };

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
    };
  }
}
