/** `/app/profile`: changes a member's name and what they say of themselves; what else the record has stays. */
import type { FC } from "hono/jsx";
import { PROFILE } from "../../../appview/uris.ts";
import { getGraphemeLength } from "../../../protocol/graphemes.ts";
import { textOf } from "../../../protocol/json.ts";
import type { Fields } from "../../forms.ts";
import { profilePath } from "../addresses.ts";
import { appPage, goOn } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import { Problem } from "../parts/writing.tsx";
import type { Forms, MemberVisit, Scene } from "../visit.ts";

/** The longest name and description, in graphemes (app.bsky.actor.profile). */
const NAME_LONGEST = 64;
const DESCRIPTION_LONGEST = 256;

interface Given {
  displayName: string;
  description: string;
}

const profileOf = ({ services, reader }: MemberVisit) =>
  services.account(reader.member.did).getRecord(PROFILE, "self");

export async function showProfile(visit: MemberVisit): Promise<Response> {
  const { displayName, description } = (await profileOf(visit))?.value ?? {};
  return form(
    visit,
    { displayName: textOf(displayName) ?? "", description: textOf(description) ?? "" },
    null,
  );
}

export async function takeProfile(visit: MemberVisit, fields: Fields): Promise<Response> {
  const { services, reader, scene } = visit;
  const given: Given = {
    displayName: (fields.get("name") ?? "").trim(),
    description: (fields.get("description") ?? "").replaceAll("\r\n", "\n").trim(),
  };
  if (
    getGraphemeLength(given.displayName) > NAME_LONGEST ||
    getGraphemeLength(given.description) > DESCRIPTION_LONGEST
  ) {
    return form(visit, given, scene.speech.words.nameTooLong);
  }
  const found = await profileOf(visit);
  await services.account(reader.member.did).putRecord({
    collection: PROFILE,
    rkey: "self",
    record: { $type: PROFILE, createdAt: new Date().toISOString(), ...found?.value, ...given },
    validate: true,
    swapRecord: found?.cid ?? null,
  });
  return goOn(profilePath(reader.member));
}

const form = (visit: MemberVisit, given: Given, problem: string | null): Promise<Response> => {
  const { scene } = visit;
  const { words } = scene.speech;
  const { forms } = scene;
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title: words.editProfile, path: "/app/profile", indexed: false }}>
      <div class="head">
        <h1>{words.editProfile}</h1>
        <Problem message={problem} />
        {forms === null ? null : <ProfileForm scene={scene} forms={forms} given={given} />}
      </div>
    </Shell>,
    { status: problem === null ? 200 : 400 },
  );
};

const ProfileForm: FC<{ scene: Scene; forms: Forms; given: Given }> = ({ scene, forms, given }) => {
  const { words } = scene.speech;
  return (
    <form method="post" action="/app/profile">
      <input type="hidden" name="csrf" value={forms.csrf} />
      <div class="field">
        <label for="name">{words.name}</label>
        <input type="text" id="name" name="name" value={given.displayName} autocomplete="name" dir="auto" />
      </div>
      <div class="field">
        <label for="description">{words.description}</label>
        <textarea id="description" name="description" rows={4} dir="auto">
          {given.description}
        </textarea>
      </div>
      <div class="buttons start">
        <button class="first" type="submit">
          {words.save}
        </button>
      </div>
    </form>
  );
};
