/** Tells other sites, search engines and readers of feeds about a page (ogp.me, RFC 8288). */
import type { FC } from "hono/jsx";
import type { HostWords } from "../../visit.ts";

export interface Preview {
  title: string;
  /** Path of the page, with the query that makes it another page. */
  path: string;
  /** Whether search engines may index it. */
  indexed: boolean;
  description?: string | undefined;
  /** Address of a picture, and what it shows. */
  image?: { url: string; alt?: string | undefined } | undefined;
  type?: "profile" | "article" | "website";
  /** The record that the page is about. */
  atUri?: string | undefined;
  /** Path of the same as RSS. */
  rss?: string | undefined;
}

/** The beginning of a text on one line, for a preview. */
export function briefly(text: string, most = 300): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= most ? line : `${line.slice(0, most - 1).trimEnd()}…`;
}

const Property: FC<{ name: string; value: string | undefined }> = ({ name, value }) =>
  value === undefined || value === "" ? null : <meta property={name} content={value} />;

export const PreviewTags: FC<{ host: HostWords; preview: Preview }> = ({ host, preview }) => {
  const { title, path, indexed, description, image, type = "website", atUri, rss } = preview;
  return (
    <>
      {indexed ? null : <meta name="robots" content="noindex" />}
      {description ? <meta name="description" content={description} /> : null}
      <link rel="canonical" href={`${host.origin}${path}`} />
      <Property name="og:site_name" value={host.name} />
      <Property name="og:title" value={title} />
      <Property name="og:description" value={description} />
      <Property name="og:type" value={type} />
      <Property name="og:url" value={`${host.origin}${path}`} />
      <Property name="og:image" value={image?.url} />
      <Property name="og:image:alt" value={image?.alt} />
      <meta
        name="twitter:card"
        content={image === undefined || type === "profile" ? "summary" : "summary_large_image"}
      />
      {atUri === undefined ? null : <link rel="alternate" href={atUri} />}
      {rss === undefined ? null : (
        <link rel="alternate" type="application/rss+xml" title={title} href={`${host.origin}${rss}`} />
      )}
    </>
  );
};
