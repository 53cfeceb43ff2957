/**
 * `/app/moderate`: what a moderator does where they see it. The acts, their log and who may act upon whom are those
 * of the admin's pages; what cannot be taken lightly needs a fresh sign-in.
 */
import type { FC } from "hono/jsx";
import { recordStatus } from "../../../lifecycle/takedown-status.ts";
import { labelsInForce } from "../../../moderation/label-query.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { nameOf } from "../../../xrpc/admin/decisions.ts";
import type { Subject } from "../../../xrpc/admin/reports.ts";
import { type Fields, lineOf } from "../../forms.ts";
import { subjectPath } from "../../pages/admin/paths.ts";
import { backOf } from "../acts/given.ts";
import { type ModerationAct, NOTE_MAX, isActName, isGrave, moderate, subjectOf } from "../acts/moderation.ts";
import { appPage, goOn } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import { LabelFields } from "../parts/labelling.tsx";
import { Problem } from "../parts/writing.tsx";
import { PostArticle } from "../parts/post.tsx";
import type { Forms, MemberVisit } from "../visit.ts";
import { missing } from "./missing.tsx";

/** The present decisions about a subject. */
interface Standing {
  isDown: boolean;
  /** Labels of the host's own. */
  labels: string[];
}

async function standingOf({ services }: MemberVisit, subject: Subject): Promise<Standing> {
  const { env, host, directory } = services;
  const query = { patterns: [nameOf(subject)], sources: [host.did], limit: 50 };
  const [{ rows }, record, account] = await Promise.all([
    labelsInForce(env.DIRECTORY, query, new Date().toISOString()),
    subject.uri === null ? null : recordStatus(services, subject.uri),
    subject.uri === null ? directory.findByDid(subject.did) : null,
  ]);
  const isDown = record?.takedown.applied === true || (account?.takedown ?? null) !== null;
  return { isDown, labels: [...new Set(rows.map(({ val }) => val))] };
}

export async function showModerate(visit: MemberVisit): Promise<Response> {
  return form(visit, new Map(visit.url.searchParams), null);
}

/** @param problem what was wrong with the form that was sent */
async function form(visit: MemberVisit, fields: Fields, problem: string | null): Promise<Response> {
  const { scene, reader, views } = visit;
  const { words } = scene.speech;
  const { forms } = scene;
  const subject = subjectOf(fields);
  if (reader.acting === null) return missing(visit, words.moderation.notYours, 403);
  if (subject === null || forms === null) return missing(visit);
  const standing = await standingOf(visit, subject);
  const wished = fields.get("do") ?? "";
  const act: ModerationAct =
    standing.isDown && wished !== "label" ? "restore" : isActName(wished) ? wished : "label";
  const { posts } =
    subject.uri === null
      ? { posts: [] }
      : await views.getPosts({ uris: [subject.uri] }).catch(() => ({ posts: [] }));
  const account = await visit.services.directory.findByDid(subject.did);
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title: words.moderation[act], path: "/app/moderate", indexed: false }}>
      <div class="head">
        <h1>{words.moderation[act]}</h1>
        <p class="lead">
          <bdi>{account === null ? subject.did : `@${account.handle}`}</bdi>
          {standing.isDown ? ` · ${words.moderation.isDown}` : null}
        </p>
      </div>
      {posts.map((post) => (
        <PostArticle scene={{ ...scene, forms: null }} post={post} />
      ))}
      <div class="aim">
        <Problem message={problem} />
        <ActForm
          visit={visit}
          forms={forms}
          fields={fields}
          subject={subject}
          act={act}
          standing={standing}
        />
        <p>
          <a href={subjectPath(nameOf(subject))}>{words.moderation.queue}</a>
        </p>
      </div>
    </Shell>,
    { status: problem === null ? 200 : 400 },
  );
}

interface ActFormProps {
  visit: MemberVisit;
  forms: Forms;
  fields: Fields;
  subject: Subject;
  act: ModerationAct;
  standing: Standing;
}

const ActForm: FC<ActFormProps> = ({ visit, forms, fields, subject, act, standing }) => {
  const { scene, reader } = visit;
  const { words } = scene.speech;
  if (isGrave(act) && !reader.confirmed) {
    const to = `/app/moderate?${new URLSearchParams({ ...namesOf(subject), do: act, back: backOf(fields) }).toString()}`;
    const again = new URLSearchParams({ to, again: reader.member.handle }).toString();
    return (
      <p>
        <a class="button first" href={`/account/sign-in?${again}`}>
          {words.moderation.signInAgain}
        </a>
      </p>
    );
  }
  return (
    <form method="post" action="/app/moderate">
      <input type="hidden" name="csrf" value={forms.csrf} />
      <input type="hidden" name="back" value={backOf(fields)} />
      <input type="hidden" name="do" value={act} />
      {Object.entries(namesOf(subject)).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {act === "label" ? <LabelFields scene={scene} labels={standing.labels} /> : null}
      <div class="field">
        <label for="note">{words.moderation.note}</label>
        <input type="text" id="note" name="note" maxlength={NOTE_MAX} value={fields.get("note")} dir="auto" />
      </div>
      <div class="buttons start">
        <button class={isGrave(act) && act !== "restore" ? "grave" : "first"} type="submit">
          {words.moderation[act]}
        </button>
        <a class="button quiet" href={backOf(fields)}>
          {words.moderation.cancel}
        </a>
      </div>
    </form>
  );
};

const namesOf = ({ did, uri }: Subject): Record<string, string> => (uri === null ? { did } : { uri });

export async function takeModerate(visit: MemberVisit, fields: Fields): Promise<Response> {
  const { reader, scene } = visit;
  const { words } = scene.speech;
  const { acting } = reader;
  const subject = subjectOf(fields);
  const act = fields.get("do") ?? "";
  if (acting === null) return missing(visit, words.moderation.notYours, 403);
  if (subject === null || !isActName(act)) return missing(visit, words.notDone, 400);
  // The page shows the way to a fresh sign-in.
  if (isGrave(act) && !reader.confirmed) return form(visit, fields, words.moderation.tooOld);
  if (act === "label" && lineOf(fields, "label") === "")
    return form(visit, fields, words.moderation.chooseLabel);
  try {
    await moderate(visit, acting, subject, act, fields);
  } catch (thrown) {
    if (!isRefusal(thrown) || thrown.status >= 429) throw thrown;
    return form(visit, fields, thrown.status === 403 ? words.moderation.notYours : words.notDone);
  }
  return goOn(backOf(fields));
}
