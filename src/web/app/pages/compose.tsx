/** `/intent/compose`: writes a post, an answer or a quote. Links of other sites name it with a text to begin with. */
import { PICTURES, type About, type ComposeProblem, aboutOf, compose } from "../acts/compose.ts";
import { draftFields, keepDraft } from "../acts/draft-forms.ts";
import { linkIn } from "../acts/facets.ts";
import { backOf, parsedField } from "../acts/given.ts";
import { languageIn, languageOf, languagesFor } from "../acts/languages.ts";
import { cardOf, parseCard } from "../cards/card.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { type Fields, lineOf } from "../../forms.ts";
import { appPage, appPart, goOn } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import { CardPreview } from "../parts/card-preview.tsx";
import { mediaOf } from "../parts/media.tsx";
import { PostArticle } from "../parts/post.tsx";
import { quotedOf } from "../parts/quoted.tsx";
import { type Draft, Problem, Writing } from "../parts/writing.tsx";
import type { MemberVisit } from "../visit.ts";

export async function showCompose(visit: MemberVisit): Promise<Response> {
  const asked = new Map(visit.url.searchParams);
  // Only our own pages' forms carry a card, and pictures.
  const given = new Map([...asked].filter(([name]) => ["text", "reply", "quote", "back"].includes(name)));
  const kept = visit.hasIndex ? await draftFields(visit.reading, asked.get("draft") ?? "") : null;
  const fields = kept ?? given;
  return form(visit, fields, null, await aboutOf(visit, fields));
}

export async function takeCompose(visit: MemberVisit, fields: Fields): Promise<Response> {
  try {
    return await taken(visit, fields, await aboutOf(visit, fields));
  } catch (thrown) {
    if (visit.hasIndex || !isRefusal(thrown) || thrown.error !== "UpstreamFailure") throw thrown;
    // Where nobody can say what is answered, the form keeps it for the next attempt.
    return form(visit, fields, "away", { parent: null, quoted: null });
  }
}

async function taken(visit: MemberVisit, fields: Fields, about: About): Promise<Response> {
  switch (fields.get("do")) {
    case "card":
      return form(visit, new Map([...fields, ["card", await offered(visit, fields)]]), null, about);
    case "no-card":
      return form(visit, new Map([...fields, ["card", ""]]), null, about);
    case "draft":
      return visit.hasIndex && (await keepDraft(visit.reading, fields, about.quoted))
        ? goOn("/app/drafts")
        : form(visit, fields, "refused", about);
    default: {
      const outcome = await compose(visit, fields, about);
      return outcome instanceof Response ? outcome : form(visit, fields, outcome, about);
    }
  }
}

async function offered({ services, reader }: MemberVisit, fields: Fields): Promise<string> {
  const link = linkIn(fields.get("text") ?? "");
  return link === null ? "" : JSON.stringify(await cardOf(services, reader.member.did, link));
}

/** `POST /app/card`: for the page's script, the card of the first link in a text; nothing if it has none. */
export async function offerCard({ services, reader, scene }: MemberVisit, fields: Fields): Promise<Response> {
  const link = linkIn(fields.get("text") ?? "");
  const card = link === null ? null : await cardOf(services, reader.member.did, link);
  return card === null
    ? new Response(null, { status: 204, headers: { "cache-control": "no-store" } })
    : appPart(<CardPreview scene={scene} card={card} thumb="" />);
}

function draftIn(
  { reader, scene, request }: MemberVisit,
  fields: Fields,
  { parent, quoted }: About,
  isAway: boolean,
): Draft {
  return {
    text: (fields.get("text") ?? "").slice(0, 10_000),
    reply: (isAway ? fields.get("reply") : parent?.uri) ?? "",
    quote: (isAway ? fields.get("quote") : quoted?.uri) ?? "",
    who: fields.get("who") ?? reader.who,
    warning: fields.get("warning") ?? "none",
    lang:
      languageIn(fields.get("lang")) ??
      languageOf(request.headers.get("accept-language"), scene.speech.words.lang),
    id: lineOf(fields, "draft"),
    card: parseCard(parsedField(fields, "card")),
    thumb: fields.get("thumb") ?? "",
    pictures: Array.from({ length: PICTURES }, (_, i) => ({
      sent: fields.get(`picture${i}`) ?? "",
      alt: fields.get(`alt${i}`) ?? "",
    })).filter(({ sent }) => sent !== ""),
  };
}

async function form(
  visit: MemberVisit,
  fields: Fields,
  problem: ComposeProblem | null,
  about: About,
): Promise<Response> {
  const { scene, request } = visit;
  const { words } = scene.speech;
  const { parent, quoted } = about;
  const draft = draftIn(visit, fields, about, problem === "away");
  const title = parent !== null ? words.replyTitle : quoted !== null ? words.quoteTitle : words.writeTitle;
  const { forms } = scene;
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title, path: "/intent/compose", indexed: false }}>
      <h1>{title}</h1>
      {parent === null ? null : <PostArticle scene={{ ...scene, forms: null }} post={parent} />}
      <div class="aim">
        <Problem message={problem === null ? null : words.problems[problem]} />
        {fields.get("away") === "1" ? <p class="note">{words.draftAway}</p> : null}
        {forms === null ? null : (
          <Writing
            scene={scene}
            forms={forms}
            draft={draft}
            languages={languagesFor(request.headers.get("accept-language"), words.lang, [draft.lang])}
            back={backOf(fields, "")}
            keeps={visit.hasIndex}
          />
        )}
        {quoted === null
          ? null
          : quotedOf(
              scene,
              { ...quoted, $type: "app.bsky.embed.record#viewRecord", value: quoted.record, embeds: [] },
              mediaOf,
            )}
        {parent === null && visit.hasIndex ? (
          <p>
            <a href="/app/drafts">{words.drafts}</a>
          </p>
        ) : null}
      </div>
    </Shell>,
    { status: problem === null ? 200 : 400 },
  );
}
