/** URLs of images and videos in views. The HTTP side serves them. */
import type { GenericUri } from "@atcute/lexicons";

export type ImagePreset = "avatar" | "banner" | "feed_thumbnail" | "feed_fullsize";

export class ImageUris {
  private readonly origin: GenericUri;
  /** Blobs that are taken down, as `did/cid`. */
  private readonly hidden = new Set<string>();

  constructor(origin: string) {
    this.origin = origin as GenericUri;
  }

  /** Views made from now on do not name this blob (`did/cid`). */
  hide(blob: string): void {
    this.hidden.add(blob);
  }

  isHidden(did: string, cid: string): boolean {
    return this.hidden.has(`${did}/${cid}`);
  }

  /** Returns undefined without a blob, and for one that is hidden. */
  of(preset: ImagePreset, did: string, cid: string | undefined): GenericUri | undefined {
    return cid === undefined || this.isHidden(did, cid) ? undefined : this.named(preset, did, cid);
  }

  named(preset: ImagePreset, did: string, cid: string): GenericUri {
    return `${this.origin}/img/${preset}/plain/${did}/${cid}@jpeg`;
  }

  playlist(did: string, cid: string): GenericUri {
    return `${this.origin}/watch/${encodeURIComponent(did)}/${cid}/playlist.m3u8`;
  }

  videoThumbnail(did: string, cid: string): GenericUri {
    return `${this.origin}/watch/${encodeURIComponent(did)}/${cid}/thumbnail.jpg`;
  }
}
