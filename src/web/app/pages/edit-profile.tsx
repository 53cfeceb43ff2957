/** `/app/profile`: changes a member's name, pictures and what they say of themselves; what else the record has stays. */
import type { FC } from "hono/jsx";
import { isKeptOut } from "../../../appview/unwanted-names.ts";
import { PROFILE } from "../../../appview/uris.ts";
import { getGraphemeLength } from "../../../protocol/graphemes.ts";
import { blobCid, textOf } from "../../../protocol/json.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import type { JsonObject } from "../../../protocol/account-station.ts";
import type { Fields } from "../../forms.ts";
import { FACES, type FaceName, type Sent, faceIn } from "../acts/faces.ts";
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
  /** Paths of the pictures that the profile has. */
  shown: Partial<Record<FaceName, string>>;
}

const profileOf = ({ services, reader }: MemberVisit) =>
  services.account(reader.member.did).getRecord(PROFILE, "self");

function shownOf({ reader }: MemberVisit, value: JsonObject | undefined): Given["shown"] {
  const path = (name: FaceName) => {
    const cid = blobCid(value?.[name]);
    return cid === undefined ? [] : [[name, `/img/${name}/plain/${reader.member.did}/${cid}@jpeg`] as const];
  };
  return Object.fromEntries(FACES.flatMap(path));
}

export async function showProfile(visit: MemberVisit): Promise<Response> {
  const value = (await profileOf(visit))?.value;
  const { displayName, description } = value ?? {};
  return form(
    visit,
    {
      displayName: textOf(displayName) ?? "",
      description: textOf(description) ?? "",
      shown: shownOf(visit, value),
    },
    null,
  );
}

export async function takeProfile(visit: MemberVisit, fields: Fields): Promise<Response> {
  const { words } = visit.scene.speech;
  const found = await profileOf(visit);
  const texts = {
    displayName: (fields.get("name") ?? "").trim(),
    description: (fields.get("description") ?? "").replaceAll("\r\n", "\n").trim(),
  };
  const again = (problem: string) => form(visit, { ...texts, shown: shownOf(visit, found?.value) }, problem);
  if (
    getGraphemeLength(texts.displayName) > NAME_LONGEST ||
    getGraphemeLength(texts.description) > DESCRIPTION_LONGEST
  ) {
    return again(words.nameTooLong);
  }
  if (isKeptOut(visit.services.env, texts.displayName)) return again(words.nameUnwanted);
  const avatar = await faceIn(visit, fields, "avatar");
  const banner = await faceIn(visit, fields, "banner");
  if (avatar === "wrong" || banner === "wrong") return again(words.pictureTooLarge);
  const record = withFace(withFace({ ...found?.value, ...texts }, "avatar", avatar), "banner", banner);
  try {
    await visit.services.account(visit.reader.member.did).putRecord({
      collection: PROFILE,
      rkey: "self",
      record: { $type: PROFILE, createdAt: new Date().toISOString(), ...record },
      validate: true,
      swapRecord: found?.cid ?? null,
    });
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.status < 429) return again(words.notDone);
    throw thrown;
  }
  return goOn(profilePath(visit.reader.member));
}

function withFace(record: JsonObject, name: FaceName, sent: Exclude<Sent, "wrong">): JsonObject {
  if (sent === "keep") return record;
  const { [name]: _, ...rest } = record;
  return sent === "none" ? rest : { ...rest, [name]: sent };
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

/** Width to height, and the most pixels on the longer side, to which the page's script cuts a picture. */
const SHAPES: Readonly<Record<FaceName, { shape: number; most: number }>> = {
  avatar: { shape: 1, most: 1000 },
  banner: { shape: 3, most: 3000 },
};

interface FaceFieldProps {
  scene: Scene;
  name: FaceName;
  shown: string | undefined;
}

const FaceField: FC<FaceFieldProps> = ({ scene: { speech }, name, shown }) => {
  const { words } = speech;
  const { shape, most } = SHAPES[name];
  return (
    <div class={`field of-${name}`}>
      <label for={name}>{words[name]}</label>
      <img src={shown} alt="" hidden={shown === undefined} width={96 * shape} height={96} />
      <input
        type="file"
        id={name}
        name={name}
        accept="image/png,image/jpeg,image/*"
        data-shape={shape}
        data-most={most}
      />
      {shown === undefined ? null : (
        <label class="check">
          <input type="checkbox" name={`no-${name}`} value="1" /> {words.removePicture}
        </label>
      )}
    </div>
  );
};

const ProfileForm: FC<{ scene: Scene; forms: Forms; given: Given }> = ({ scene, forms, given }) => {
  const { words } = scene.speech;
  return (
    <form
      method="post"
      action="/app/profile"
      enctype="multipart/form-data"
      data-failed={words.pictureFailed}
      class="self"
    >
      <input type="hidden" name="csrf" value={forms.csrf} />
      <FaceField scene={scene} name="avatar" shown={given.shown.avatar} />
      <FaceField scene={scene} name="banner" shown={given.shown.banner} />
      <noscript>
        <p class="note">{words.pictureAsIs}</p>
      </noscript>
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
