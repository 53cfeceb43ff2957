/** Pictures, videos and cards of other sites. All media come from this host. */
import type { Child, FC } from "hono/jsx";
import { type Json, at, isJson, listOf, textOf } from "../../../protocol/json.ts";
import { domainOf, linkOf } from "../addresses.ts";
import { briefly } from "../frame/preview.tsx";
import type { Scene } from "../visit.ts";
import { Away } from "./text.tsx";

/** The media of an embed view; null if it has none. */
export function mediaOf(scene: Scene, embed: unknown): Child | null {
  switch (at(embed, "$type")) {
    case "app.bsky.embed.images#view":
      return <Pictures scene={scene} images={listOf(at(embed, "images"))} />;
    case "app.bsky.embed.gallery#view":
      return <Pictures scene={scene} images={listOf(at(embed, "items"))} />;
    case "app.bsky.embed.video#view":
      return isJson(embed) ? <Video scene={scene} video={embed} /> : null;
    case "app.bsky.embed.external#view":
      return <Card external={at(embed, "external")} />;
    default:
      return null;
  }
}

/** Width and height, so that the page does not move when a picture arrives. */
function sizeOf(item: unknown): { width?: number; height?: number } {
  const [width, height] = [at(item, "aspectRatio", "width"), at(item, "aspectRatio", "height")];
  if (typeof width !== "number" || typeof height !== "number" || width <= 0 || height <= 0) return {};
  // Scaled to what a post is wide; a tall picture is cut by the style.
  return { width: 600, height: Math.round((600 * height) / width) };
}

const Pictures: FC<{ scene: Scene; images: unknown[] }> = ({ scene, images }) => {
  const { words } = scene.speech;
  const shown = images.flatMap((image) => {
    const [thumb, full] = [
      linkOf(at(image, "thumb") ?? at(image, "thumbnail")),
      linkOf(at(image, "fullsize")),
    ];
    return thumb === null ? [] : [{ thumb, full: full ?? thumb, alt: textOf(at(image, "alt")) ?? "", image }];
  });
  return (
    <div class={`pictures of-${Math.min(shown.length, 4)}`}>
      {shown.map(({ thumb, full, alt, image }) => (
        <figure>
          <a href={full} aria-label={alt === "" ? words.fullSize : undefined}>
            <img
              src={thumb}
              alt={alt}
              title={alt === "" ? undefined : alt}
              loading="lazy"
              {...sizeOf(image)}
            />
          </a>
        </figure>
      ))}
    </div>
  );
};

/** The video as it was uploaded: `…/watch/<did>/<cid>/playlist.m3u8` names it. */
const Video: FC<{ scene: Scene; video: Json }> = ({ scene, video }) => {
  const { words } = scene.speech;
  const [, did = "", cid = ""] = /\/watch\/([^/]+)\/([^/]+)\//.exec(textOf(video["playlist"]) ?? "") ?? [];
  if (cid === "") return null;
  const alt = textOf(video["alt"]) ?? "";
  const playlist = linkOf(video["playlist"]) ?? "";
  // An AppView elsewhere plays videos from servers of its own.
  const isOurs = playlist.startsWith(`${scene.host.origin}/`);
  const isGif = video["presentation"] === "gif";
  return (
    <video
      class="film"
      controls
      playsinline
      preload="none"
      loop={isGif}
      aria-label={alt === "" ? (isGif ? words.gif : words.video) : alt}
      src={isOurs ? `/blob/${did}/${cid}` : playlist}
      poster={isOurs ? undefined : (linkOf(video["thumbnail"]) ?? undefined)}
      {...sizeOf(video)}
    ></video>
  );
};

const Card: FC<{ external: unknown }> = ({ external }) => {
  const link = linkOf(at(external, "uri"));
  if (link === null) return null;
  const thumb = linkOf(at(external, "thumb"));
  // Of any length, as the lexicon has it; a card shows a few lines.
  const title = briefly(textOf(at(external, "title")) ?? "") || domainOf(link);
  const description = briefly(textOf(at(external, "description")) ?? "");
  return (
    <Away link={link} class="site">
      {thumb === null ? null : <img src={thumb} alt="" loading="lazy" width={600} height={315} />}
      <span class="words">
        <bdi class="domain">{domainOf(link)}</bdi>
        <b dir="auto">{title}</b>
        {description ? (
          <span class="more" dir="auto">
            {description}
          </span>
        ) : null}
      </span>
    </Away>
  );
};
