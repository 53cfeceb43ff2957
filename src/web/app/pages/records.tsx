/** Records of other apps in one person's repo, which their front page shows: a title, a few words, and the way to it. */
import type { Did } from "@atcute/lexicons";
import type { FC } from "hono/jsx";
import { labelsInForce } from "../../../moderation/label-query.ts";
import { at, isJson, listOf, textOf } from "../../../protocol/json.ts";
import { linkOf } from "../addresses.ts";
import { briefly } from "../frame/preview.tsx";
import { Empty } from "../frame/shell.tsx";
import { Icon } from "../parts/icon.tsx";
import { Away } from "../parts/text.tsx";
import type { AppVisit, Scene } from "../visit.ts";

const PAGE = 30;

interface Row {
  title: string;
  said: string;
  /** Where it is read; null if the record does not say. */
  link: string | null;
  /** The record itself. */
  source: string;
}

/** Those that the host's moderators hide, or took down, are left out. */
export async function recordsOf(
  { services }: AppVisit,
  did: Did,
  collection: string,
  cursor: string | undefined,
): Promise<{ rows: Row[]; cursor?: string | undefined }> {
  const text = await services.account(did).listRecords(collection, { limit: PAGE, cursor });
  const body: unknown = JSON.parse(text);
  const records = listOf(at(body, "records")).filter(isJson);
  const hidden = await hiddenAmong(
    services,
    records.map(({ uri }) => textOf(uri) ?? ""),
  );
  return {
    rows: records.filter(({ uri }) => !hidden.has(textOf(uri) ?? "")).map(rowOf),
    // A repo names a place to go on from after its last record, too.
    cursor: records.length < PAGE ? undefined : textOf(at(body, "cursor")),
  };
}

async function hiddenAmong({ env, host }: AppVisit["services"], uris: readonly string[]) {
  if (uris.length === 0) return new Set<string>();
  const query = { patterns: uris, sources: [host.did, ...host.formerDids], limit: 250 };
  const { rows } = await labelsInForce(env.DIRECTORY, query, new Date().toISOString());
  return new Set(rows.filter(({ val }) => val === "!hide" || val === "!warn").map(({ uri }) => uri));
}

/** The row of a record of an unknown kind, by the names that lexicons give such fields. */
function rowOf({ uri, value }: Record<string, unknown>): Row {
  const said = (...names: string[]) =>
    names.map((name) => textOf(at(value, name))?.trim()).find((each) => each !== undefined && each !== "");
  const [, , did = "", collection = "", rkey = ""] = (textOf(uri) ?? "").split("/");
  const query = new URLSearchParams({ repo: did, collection, rkey }).toString();
  return {
    title: briefly(said("title", "name", "displayName", "subject", "text") ?? rkey, 120),
    said: briefly(said("description", "subtitle", "summary", "content") ?? "", 200),
    link: linkOf(at(value, "url")) ?? linkOf(at(value, "uri")) ?? linkOf(at(value, "link")),
    source: `/xrpc/com.atproto.repo.getRecord?${query}`,
  };
}

export const Records: FC<{ scene: Scene; rows: readonly Row[] }> = ({ scene, rows }) =>
  rows.length === 0 ? (
    <Empty>{scene.speech.words.nothingYet}</Empty>
  ) : (
    <ul class="roll">
      {rows.map(({ title, said, link, source }) => (
        <li class="row thing">
          <Icon name="list" size={28} />
          <div class="words">
            {link === null ? (
              <a class="who" href={source} rel="nofollow">
                <b dir="auto">{title}</b>
              </a>
            ) : (
              <Away class="who" link={link}>
                <b dir="auto">{title}</b>
              </Away>
            )}
            {said === "" ? null : (
              <p class="bio" dir="auto">
                {said}
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
