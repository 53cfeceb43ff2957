/** Whatever people write stays text: no name, post, alt text, link or query becomes markup of a page. */
import fc from "fast-check";
import { jsx } from "hono/jsx";
import { expect, inject, test } from "vitest";
import { guestTastes } from "../../src/web/app/judgement.ts";
import { xml } from "../../src/web/app/pages/rss.ts";
import { PersonRow } from "../../src/web/app/parts/person.tsx";
import { PostArticle } from "../../src/web/app/parts/post.tsx";
import type { Scene } from "../../src/web/app/visit.ts";
import { en } from "../../src/web/app/words/en.ts";
import { speechOf } from "../../src/web/app/words/speech.ts";

const scene: Scene = {
  host: {
    origin: "https://host.example",
    hostname: "host.example",
    did: "did:web:host.example",
    handleDomains: [".host.example"],
    registration: "invite",
    kind: "community",
    isOpen: true,
    shows: [],
    memberInvites: true,
    name: "Host",
    colour: "",
    logo: null,
    terms: null,
    privacy: null,
    contact: null,
  },
  speech: speechOf(en),
  tastes: guestTastes({ sources: [], labels: [] }),
  now: Date.parse("2026-11-30T12:00:00Z"),
  viewer: null,
  forms: null,
  unread: 0,
  searches: true,
  moderates: false,
};

/** Strings that have broken out of markup elsewhere. */
const HOSTILE = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  `</p></article></main><script>`,
  `javascript:alert(1)`,
  `JaVaScRiPt:alert(1)//http://`,
  `data:text/html,<script>alert(1)</script>`,
  `http://x/"onclick="alert(1)`,
  `https://x/<svg/onload=alert(1)>`,
  `<!--`,
  `]]>`,
  `&lt;script&gt;`,
  `&#x3c;img&#x3e;`,
  `{{constructor.constructor('alert(1)')()}}`,
  `\u0000<b>\u0000`,
  `\u202e<b>txt`,
  `\ud800<i>`,
  `$&$\`<u>`,
];

const words = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .tuple(fc.constantFrom(...HOSTILE), fc.string({ unit: "grapheme", maxLength: 20 }))
    .map((both) => both.join("")),
);
const facet = fc.record({
  index: fc.record({
    byteStart: fc.integer({ min: -5, max: 60 }),
    byteEnd: fc.integer({ min: -5, max: 60 }),
  }),
  features: fc.array(
    fc.oneof(fc.record({ uri: words }), fc.record({ did: words }), fc.record({ tag: words })),
    {
      maxLength: 2,
    },
  ),
});
const author = fc.record({ displayName: words, avatar: words, description: words });
const embed = fc.oneof(
  fc.record({
    $type: fc.constant("app.bsky.embed.images#view"),
    images: fc.array(fc.record({ thumb: words, fullsize: words, alt: words }), { maxLength: 3 }),
  }),
  fc.record({
    $type: fc.constant("app.bsky.embed.external#view"),
    external: fc.record({ uri: words, title: words, description: words, thumb: words }),
  }),
  fc.record({ $type: fc.constant("app.bsky.embed.video#view"), playlist: words, alt: words }),
  fc.record({
    $type: fc.constant("app.bsky.embed.record#view"),
    record: fc.record({
      $type: fc.constantFrom("app.bsky.embed.record#viewRecord", "app.bsky.feed.defs#generatorView"),
      uri: words,
      displayName: words,
      author: fc.record({ did: words, handle: words, displayName: words }),
      creator: fc.record({ did: words, handle: words, displayName: words }),
      value: fc.record({ text: words, createdAt: words }),
    }),
  }),
);

/** Elements that the components themselves make, and their attributes. */
const TAGS = new Set(
  "a article b bdi blockquote details div figure header img li p path span summary svg time ul video".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  (
    "alt aria-hidden aria-label class controls d datetime dir fill height href id lang loading loop playsinline preload " +
    "rel role src stroke stroke-linecap stroke-linejoin stroke-width tabindex title viewBox width"
  ).split(" "),
);

/** Reads markup as a browser's tokenizer does, and refuses what the components never write. */
async function assertOurs(html: string): Promise<void> {
  const problems: string[] = [];
  const check = {
    element({ tagName, attributes }: { tagName: string; attributes: Iterable<string[]> }) {
      if (!TAGS.has(tagName)) problems.push(`<${tagName}>`);
      for (const [name = "", value = ""] of attributes) {
        if (!ATTRIBUTES.has(name) && name !== "viewbox") problems.push(`${tagName} ${name}`);
        if ((name === "href" || name === "src") && !/^(https?:\/\/|\/(?!\/))/i.test(value)) {
          problems.push(`${name}=${value}`);
        }
      }
    },
    comments: () => void problems.push("a comment"),
  };
  await new HTMLRewriter().on("*", check).transform(new Response(html)).text();
  expect(problems).toEqual([]);
}

const post = fc.record({
  text: words,
  facets: fc.array(facet, { maxLength: 4 }),
  author,
  embed,
  lang: words,
});

/** The elements that show one post and its author. */
function shown(given: {
  text: string;
  facets: unknown;
  author: object;
  embed: unknown;
  lang: string;
}): string {
  const who = { did: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", handle: "name.test", ...given.author };
  const view = {
    uri: `at://${who.did}/app.bsky.feed.post/3k2aaaaaaaaaa`,
    cid: "bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
    author: who,
    record: { text: given.text, facets: given.facets, langs: [given.lang], createdAt: given.lang },
    embed: given.embed,
    indexedAt: "2026-11-30T10:00:00Z",
  };
  const parts = [
    jsx(PostArticle, { scene, post: view as never, as: "main" }),
    jsx(PersonRow, { scene, who: who as never }),
  ];
  // oxlint-disable-next-line typescript/no-base-to-string -- a tree renders itself by its `toString`
  return parts.map(String).join("");
}

test("10,000 hostile posts and people stay text", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(post, { minLength: 50, maxLength: 50 }), async (posts) =>
      assertOurs(posts.map(shown).join("")),
    ),
    { numRuns: 200, seed: Number(inject("seed")), endOnFailure: true },
  );
}, 240_000);

test("text in XML has no markup, and no character that XML has no form for", () => {
  fc.assert(
    fc.property(words, (text) => {
      expect(xml(text)).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
      // oxlint-disable-next-line eslint/no-control-regex -- these are meant
      expect(xml(text)).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
    }),
    { numRuns: 2000 },
  );
});
