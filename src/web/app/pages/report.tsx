/** `/app/report`: tells the moderators of a post or an account. */
import { isDid } from "@atcute/lexicons/syntax";
import type { FC } from "hono/jsx";
import { didOf, isPostUri } from "../../../appview/uris.ts";
import { createReport } from "../../../xrpc/accounts/create-report.ts";
import type { Fields } from "../../forms.ts";
import { backOf } from "../acts/given.ts";
import { appPage } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import type { Forms, MemberVisit, Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { missing } from "./missing.tsx";

/** The subject of a report; null if the fields name none. */
function subjectOf(fields: Fields) {
  const [uri, cid, did] = [fields.get("uri") ?? "", fields.get("cid") ?? "", fields.get("did") ?? ""];
  if (isPostUri(uri) && cid !== "") return { subjectDid: didOf(uri), subjectUri: uri, subjectCid: cid };
  return isDid(did) ? { subjectDid: did } : null;
}

export async function showReport(visit: MemberVisit): Promise<Response> {
  const { scene, url } = visit;
  const fields: Fields = new Map(url.searchParams);
  const { words } = scene.speech;
  const { forms } = scene;
  if (subjectOf(fields) === null || forms === null) return missing(visit);
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title: words.reportTitle, path: "/app/report", indexed: false }}>
      <div class="head">
        <h1>{words.reportTitle}</h1>
        <p class="lead">{filled(words.reportLead, scene.host.name)}</p>
        <ReportForm scene={scene} forms={forms} fields={fields} />
      </div>
    </Shell>,
  );
}

const ReportForm: FC<{ scene: Scene; forms: Forms; fields: Fields }> = ({ scene, forms, fields }) => {
  const { words } = scene.speech;
  const carried = ["uri", "cid", "did"].flatMap((name) => {
    const value = fields.get(name);
    return value === undefined ? [] : [{ name, value }];
  });
  return (
    <form method="post" action="/app/report">
      <input type="hidden" name="csrf" value={forms.csrf} />
      <input type="hidden" name="back" value={backOf(fields)} />
      {carried.map(({ name, value }) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <fieldset>
        <legend>{words.reason}</legend>
        {Object.entries(words.reasons).map(([value, said]) => (
          <div class="check">
            <input type="radio" id={value} name="reason" value={value} required />
            <label for={value}>{said}</label>
          </div>
        ))}
      </fieldset>
      <div class="field">
        <label for="details">{words.details}</label>
        <textarea id="details" name="details" rows={3} maxlength={2000}></textarea>
      </div>
      <div class="buttons start">
        <button class="first" type="submit">
          {words.send}
        </button>
      </div>
    </form>
  );
};

export async function takeReport(visit: MemberVisit, fields: Fields): Promise<Response> {
  const { services, reader, scene } = visit;
  const { words } = scene.speech;
  const subject = subjectOf(fields);
  const reason = fields.get("reason") ?? "";
  if (subject === null || !Object.hasOwn(words.reasons, reason)) return missing(visit, words.notDone);
  await createReport(services, {
    reasonType: `com.atproto.moderation.defs#reason${reason.slice(0, 1).toUpperCase()}${reason.slice(1)}`,
    reason: (fields.get("details") ?? "").slice(0, 2000),
    reportedBy: reader.member.did,
    ...subject,
  });
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title: words.reportTitle, path: "/app/report", indexed: false }}>
      <div class="head">
        <h1>{words.reportTitle}</h1>
        <div class="notice good" role="status">
          <p>{words.reported}</p>
        </div>
        <p>
          <a class="button second" href={backOf(fields)}>
            {words.goOn}
          </a>
        </p>
      </div>
    </Shell>,
  );
}
