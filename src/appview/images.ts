/** URLs of images and videos in views. The HTTP side serves them. */
import type { GenericUri } from "@atcute/lexicons";

export type ImagePreset = "avatar" | "banner" | "feed_thumbnail" | "feed_fullsize";

export class ImageUris {
  private readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  /** Returns undefined without a blob. */
  of(preset: ImagePreset, did: string, cid: string | undefined): GenericUri | undefined {
    return cid === undefined ? undefined : this.named(preset, did, cid);
  }

  named(preset: ImagePreset, did: string, cid: string): GenericUri {
    return `${this.origin}/img/${preset}/plain/${did}/${cid}@jpeg` as GenericUri;
  }

  playlist(did: string, cid: string): GenericUri {
    return `${this.origin}/watch/${encodeURIComponent(did)}/${cid}/playlist.m3u8` as GenericUri;
  }

  videoThumbnail(did: string, cid: string): GenericUri {
    return `${this.origin}/watch/${encodeURIComponent(did)}/${cid}/thumbnail.jpg` as GenericUri;
  }
}
