/**
 * The AppView's read side: over the two databases alone, no object is asked. A read is skeleton → hydrate → rules →
 * present, in at most three round trips to the index; what only the viewer may know (mutes, bookmarks, seen-at) comes
 * from the directory meanwhile.
 */
import type { Did } from "@atcute/lexicons";
import type { Bindings } from "../../protocol/stations.ts";
import { ImageUris } from "../images.ts";
import { type Labelers, parseLabelers } from "./labelers.ts";
import { MutedLists } from "./muted-lists.ts";

/** Where views' pictures are served, and whose labels count when a request asks for none in particular. */
export interface ViewHost {
  origin: string;
  did: Did;
}

/** For whom, and under which labelers, one request is read. */
export interface ViewContext {
  /** The index. */
  db: D1Database;
  directory: D1Database;
  viewer: Did | null;
  labelers: Labelers;
  images: ImageUris;
  /** Milliseconds. */
  now: number;
  /** Is told the rev up to which the viewer's repo is indexed, by reads that come by it. */
  sawRev?: (rev: string) => void;
  mutedLists: MutedLists;
}

/** A reading on somebody's behalf. */
export type MemberViewContext = ViewContext & { viewer: Did };

export class AppViewReads {
  private readonly databases: Pick<Bindings, "APPVIEW_DB" | "DIRECTORY">;
  private readonly host: ViewHost;

  constructor(databases: Pick<Bindings, "APPVIEW_DB" | "DIRECTORY">, host: ViewHost) {
    this.databases = databases;
    this.host = host;
  }

  /** `request`'s `atproto-accept-labelers` chooses the labelers; `reply` says which were applied. */
  on<Viewer extends Did | null>(
    viewer: Viewer,
    request?: Request,
    reply?: Headers,
  ): ViewContext & { viewer: Viewer } {
    const labelers = parseLabelers(request?.headers.get("atproto-accept-labelers") ?? null, [this.host.did]);
    reply?.set("atproto-content-labelers", labelers.header);
    const directory = this.databases.DIRECTORY;
    return {
      db: this.databases.APPVIEW_DB,
      directory,
      viewer,
      labelers,
      images: new ImageUris(this.host.origin),
      now: Date.now(),
      mutedLists: new MutedLists(directory, viewer),
    };
  }
}
