/** `/intent/compose`: writes a post, an answer or a quote. Links of other sites name it with a text to begin with. */
import { type ComposeProblem, compose, postNamed } from "../acts/compose.ts";
import { backOf } from "../acts/given.ts";
import type { Fields } from "../../forms.ts";
import { appPage } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import { mediaOf } from "../parts/media.tsx";
import { PostArticle } from "../parts/post.tsx";
import { quotedOf } from "../parts/quoted.tsx";
import { BLANK, Problem, Writing } from "../parts/writing.tsx";
import type { MemberVisit } from "../visit.ts";

const fieldsOf = (url: URL): Fields => new Map(url.searchParams);

export const showCompose = (visit: MemberVisit): Promise<Response> => form(visit, fieldsOf(visit.url), null);

export async function takeCompose(visit: MemberVisit, fields: Fields): Promise<Response> {
  const outcome = await compose(visit, fields);
  return outcome instanceof Response ? outcome : form(visit, fields, outcome);
}

async function form(visit: MemberVisit, fields: Fields, problem: ComposeProblem | null): Promise<Response> {
  const { scene } = visit;
  const { words } = scene.speech;
  // Where nobody can say what is answered, the form keeps it for the next attempt.
  const isAway = problem === "away";
  const [parent, quoted] = isAway
    ? [null, null]
    : await Promise.all([postNamed(visit, fields.get("reply")), postNamed(visit, fields.get("quote"))]);
  const draft = {
    text: (fields.get("text") ?? "").slice(0, 3000),
    reply: (isAway ? fields.get("reply") : parent?.uri) ?? "",
    quote: (isAway ? fields.get("quote") : quoted?.uri) ?? "",
    who: fields.get("who") ?? BLANK.who,
    warning: fields.get("warning") ?? BLANK.warning,
  };
  const title = parent !== null ? words.replyTitle : quoted !== null ? words.quoteTitle : words.writeTitle;
  const { forms } = scene;
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title, path: "/intent/compose", indexed: false }}>
      <h1>{title}</h1>
      {parent === null ? null : <PostArticle scene={{ ...scene, forms: null }} post={parent} />}
      <div class="aim">
        <Problem message={problem === null ? null : words.problems[problem]} />
        {forms === null ? null : (
          <Writing scene={scene} forms={forms} draft={draft} back={backOf(fields, "")} />
        )}
        {quoted === null
          ? null
          : quotedOf(
              scene,
              { ...quoted, $type: "app.bsky.embed.record#viewRecord", value: quoted.record, embeds: [] },
              mediaOf,
            )}
      </div>
    </Shell>,
    { status: problem === null ? 200 : 400 },
  );
}
