/** A page's own words for cards: its title, what it is about, and a picture (ogp.me). */
export interface PageWords {
  title: string;
  description: string;
  /** Absolute. */
  image: string | null;
}

/** The most of each that is looked at, in UTF-16 code units. */
const LONGEST = 4_000;

/** Names of meta elements, the better ones first. */
const NAMES = {
  title: ["og:title", "twitter:title"],
  description: ["og:description", "twitter:description", "description"],
  image: ["og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"],
} as const;

const WANTED = new Set<string>(Object.values(NAMES).flat());

/** @param type the page's `content-type` */
export async function wordsOfPage(bytes: Uint8Array, type: string, address: URL): Promise<PageWords> {
  const found = new Map<string, string>();
  let title = "";
  let isTitled = false;
  const rewriter = new HTMLRewriter()
    .on("meta", {
      element(meta) {
        const name = (meta.getAttribute("property") ?? meta.getAttribute("name") ?? "").toLowerCase();
        const content = meta.getAttribute("content") ?? "";
        if (WANTED.has(name) && !found.has(name) && content !== "") {
          found.set(name, decoded(content.slice(0, LONGEST)));
        }
      },
    })
    .on("title", {
      text({ text, lastInTextNode }) {
        // The first alone: drawings have titles as well.
        if (!isTitled && title.length < LONGEST) title += text;
        isTitled ||= lastInTextNode && title.trim() !== "";
      },
    });
  const text = new TextDecoder(charsetOf(bytes, type)).decode(bytes);
  await rewriter.transform(new Response(text)).arrayBuffer();
  const best = (names: readonly string[]) =>
    names.map((name) => found.get(name)).find((each) => each !== undefined);
  return {
    title: oneLine(best(NAMES.title) ?? decoded(title)),
    description: oneLine(best(NAMES.description) ?? ""),
    image: addressOf(best(NAMES.image), address),
  };
}

/** As the answer says, or else the page (HTML, section 4.2.5.4); UTF-8 if neither names one that is known. */
function charsetOf(bytes: Uint8Array, type: string): string {
  const beginning = new TextDecoder("latin1").decode(bytes.subarray(0, 2048));
  const said =
    /charset\s*=\s*["']?([\w.:-]+)/i.exec(type) ?? /<meta[^>]+charset\s*=\s*["']?([\w.:-]+)/i.exec(beginning);
  try {
    return new TextDecoder(said?.[1] ?? "utf-8").encoding;
  } catch {
    return "utf-8";
  }
}

const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();

function addressOf(image: string | undefined, address: URL): string | null {
  const url = URL.parse(image ?? "", address);
  return image === undefined || url === null || !/^https?:$/.test(url.protocol) ? null : url.href;
}

/** Character references that titles have by name (HTML, section 13.5); others stay as they are. */
const REFERENCES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  bdquo: "„",
  laquo: "«",
  raquo: "»",
  middot: "·",
  bull: "•",
  copy: "©",
  reg: "®",
  trade: "™",
  euro: "€",
  auml: "ä",
  ouml: "ö",
  uuml: "ü",
  Auml: "Ä",
  Ouml: "Ö",
  Uuml: "Ü",
  szlig: "ß",
  eacute: "é",
  egrave: "è",
  agrave: "à",
  ccedil: "ç",
  ntilde: "ñ",
};

/** The runtime's parser hands texts and attributes on as they are written. */
const decoded = (text: string): string =>
  text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (typeof name === "string")
      return Object.hasOwn(REFERENCES, name) ? (REFERENCES[name] ?? whole) : whole;
    const code = typeof hex === "string" ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });
