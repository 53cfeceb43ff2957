/** `/app/list`: makes a list, changes it or deletes it. */
import type { FC } from "hono/jsx";
import { LIST } from "../../../appview/uris.ts";
import { textOf } from "../../../protocol/json.ts";
import type { Fields } from "../../forms.ts";
import { backOf, rkeyIn } from "../acts/given.ts";
import { PURPOSES, type PurposeName, deleteList, purposeIn, saveList } from "../acts/lists.ts";
import { listPath, profilePath } from "../addresses.ts";
import { appPage, goOn } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import { Problem } from "../parts/writing.tsx";
import type { Forms, MemberVisit, Scene } from "../visit.ts";
import { missing } from "./missing.tsx";

interface Draft {
  /** Empty for a new list. */
  rkey: string;
  name: string;
  description: string;
  purpose: PurposeName;
  back: string;
}

export async function showList(visit: MemberVisit): Promise<Response> {
  const { url, services, reader } = visit;
  const fields: Fields = new Map(url.searchParams);
  const rkey = fields.get("rkey") ?? "";
  const back = backOf(fields, "");
  if (rkey === "") {
    return form(
      visit,
      { rkey, name: "", description: "", purpose: purposeIn(fields.get("purpose")), back },
      null,
    );
  }
  const known = await services.account(reader.member.did).getRecord(LIST, rkeyIn(rkey));
  if (known === null) return missing(visit);
  const { name, description, purpose } = known.value;
  const draft = { rkey, name: textOf(name) ?? "", description: textOf(description) ?? "", back };
  return form(visit, { ...draft, purpose: purpose === PURPOSES.mod ? "mod" : "curate" }, null);
}

export async function takeList(visit: MemberVisit, fields: Fields): Promise<Response> {
  const { member } = visit.reader;
  if (fields.get("do") === "delete") {
    await deleteList(visit, fields);
    return goOn(`${profilePath(member)}/lists`);
  }
  const saved = await saveList(visit, fields);
  if (saved === "nameMissing" || saved === "nameTooLong") {
    const draft = {
      rkey: fields.get("rkey") ?? "",
      name: fields.get("name") ?? "",
      description: fields.get("description") ?? "",
      purpose: purposeIn(fields.get("purpose")),
      back: backOf(fields, ""),
    };
    return form(visit, draft, visit.scene.speech.words.listProblems[saved]);
  }
  return goOn(backOf(fields, `${listPath(saved, member)}?tab=people`));
}

function form(visit: MemberVisit, draft: Draft, problem: string | null): Promise<Response> {
  const { scene } = visit;
  const { words } = scene.speech;
  const title = draft.rkey === "" ? words.newList : words.editList;
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title, path: "/app/list", indexed: false }}>
      <div class="head">
        <h1>{title}</h1>
        <Problem message={problem} />
        {scene.forms === null ? null : <ListForm scene={scene} forms={scene.forms} draft={draft} />}
      </div>
    </Shell>,
    { status: problem === null ? 200 : 400 },
  );
}

const ListForm: FC<{ scene: Scene; forms: Forms; draft: Draft }> = ({ scene, forms, draft }) => {
  const { words } = scene.speech;
  const { rkey, name, description, purpose, back } = draft;
  return (
    <form method="post" action="/app/list">
      <input type="hidden" name="csrf" value={forms.csrf} />
      <input type="hidden" name="rkey" value={rkey} />
      {back === "" ? null : <input type="hidden" name="back" value={back} />}
      <div class="field">
        <label for="name">{words.name}</label>
        <input type="text" id="name" name="name" value={name} dir="auto" required />
      </div>
      <div class="field">
        <label for="description">{words.listDescription}</label>
        <textarea id="description" name="description" rows={3} dir="auto">
          {description}
        </textarea>
      </div>
      {rkey === "" ? (
        <fieldset>
          <legend>{words.listPurpose}</legend>
          {Object.entries(words.listPurposes).map(([value, said]) => (
            <div class="check">
              <input type="radio" id={value} name="purpose" value={value} checked={value === purpose} />
              <label for={value}>{said}</label>
            </div>
          ))}
        </fieldset>
      ) : null}
      <div class="buttons start">
        <button class="first" type="submit">
          {words.save}
        </button>
      </div>
      {rkey === "" ? null : (
        <details class="card">
          <summary>{words.deleteList}</summary>
          <p>{words.deleteListSure}</p>
          <button class="grave" type="submit" name="do" value="delete" formnovalidate>
            {words.deleteList}
          </button>
        </details>
      )}
    </form>
  );
};
