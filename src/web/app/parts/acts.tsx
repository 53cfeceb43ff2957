/** The buttons of a post and of a profile: one form each, which needs no script. */
import type { FC } from "hono/jsx";
import { at, textOf } from "../../../protocol/json.ts";
import { rkeyOf } from "../../../appview/uris.ts";
import { subjectPath } from "../../pages/admin/paths.ts";
import { nameOf } from "../addresses.ts";
import type { Forms, Scene } from "../visit.ts";
import { Icon, type IconName } from "./icon.tsx";
import type { Basic } from "./person.tsx";
import type { Post } from "./post-view.ts";

/** The path of the form that answers or quotes a post. */
const composePath = (as: "reply" | "quote", uri: string, { back }: Forms): string =>
  `/intent/compose?${new URLSearchParams({ [as]: uri, back }).toString()}`;

const Hidden: FC<{ fields: Record<string, string> }> = ({ fields }) => (
  <>
    {Object.entries(fields).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
  </>
);

interface ButtonProps {
  does: string;
  icon: IconName;
  label: string;
  /** How many have done the same. */
  count?: string;
  pressed?: boolean;
}

/** A name that has the number beside the icon in it, as whoever speaks to their device reads it (WCAG 2.5.3). */
const named = (label: string, count: string | undefined): string =>
  count === undefined || count === "" ? label : `${label} ${count}`;

const Act: FC<ButtonProps> = ({ does, icon, label, count, pressed = false }) => (
  <button
    class={`act ${icon}`}
    type="submit"
    name="do"
    value={does}
    aria-pressed={pressed ? "true" : "false"}
    aria-label={named(label, count)}
    title={label}
  >
    <Icon name={icon} size={18} filled={pressed && icon !== "repost"} />
    {count === undefined ? null : <span>{count}</span>}
  </button>
);

/** The field that takes a record back: the key of the reader's own. */
const undo = (name: string, record: string | undefined): string =>
  record === undefined ? name : `un${name} ${rkeyOf(record)}`;

export const PostActs: FC<{ scene: Scene; post: Post; forms: Forms }> = ({ scene, post, forms }) => {
  const { speech } = scene;
  const { words } = speech;
  const { viewer = {}, uri, cid, author } = post;
  const count = (n: number | undefined) => (n === undefined || n === 0 ? "" : speech.number(n));
  const root = textOf(at(post.record, "reply", "root", "uri")) ?? "";
  const saved = viewer.bookmarked === true;
  return (
    <form class="acts" method="post" action="/app/act">
      <Hidden fields={{ csrf: forms.csrf, back: forms.back, uri, cid, did: author.did, root }} />
      {viewer.replyDisabled === true ? (
        <span class="act off">
          <Icon name="reply" size={18} />
          <span>{count(post.replyCount)}</span>
        </span>
      ) : (
        <a
          class="act"
          href={composePath("reply", uri, forms)}
          aria-label={named(words.reply, count(post.replyCount))}
          title={words.reply}
        >
          <Icon name="reply" size={18} />
          <span>{count(post.replyCount)}</span>
        </a>
      )}
      <Act
        does={undo("repost", viewer.repost)}
        icon="repost"
        label={viewer.repost === undefined ? words.repost : words.unrepost}
        count={count((post.repostCount ?? 0) + (post.quoteCount ?? 0))}
        pressed={viewer.repost !== undefined}
      />
      <Act
        does={undo("like", viewer.like)}
        icon="like"
        label={viewer.like === undefined ? words.like : words.unlike}
        count={count(post.likeCount)}
        pressed={viewer.like !== undefined}
      />
      <Act
        does={saved ? "unbookmark" : "bookmark"}
        icon="bookmark"
        label={saved ? words.unbookmark : words.bookmark}
        pressed={saved}
      />
      <details class="menu-of">
        <summary aria-label={words.moreActs} title={words.moreActs}>
          <Icon name="more" size={18} />
        </summary>
        <PostMenu scene={scene} post={post} forms={forms} root={root} />
      </details>
    </form>
  );
};

const Choice: FC<{ does: string; label: string }> = ({ does, label }) => (
  <li>
    <button type="submit" name="do" value={does}>
      {label}
    </button>
  </li>
);

const Way: FC<{ path: string; label: string }> = ({ path, label }) => (
  <li>
    <a href={path}>{label}</a>
  </li>
);

interface MenuProps {
  scene: Scene;
  post: Post;
  forms: Forms;
  root: string;
}

const PostMenu: FC<MenuProps> = ({ scene, post, forms, root }) => {
  const { words } = scene.speech;
  const { viewer = {}, uri, author } = post;
  const own = author.did === scene.viewer?.did;
  const ofOwnThread = root.startsWith(`at://${scene.viewer?.did}/`) && !own;
  return (
    <ul>
      {viewer.embeddingDisabled === true ? null : (
        <Way path={composePath("quote", uri, forms)} label={words.quote} />
      )}
      <Choice
        does={viewer.threadMuted === true ? "unmute-thread" : "mute-thread"}
        label={viewer.threadMuted === true ? words.unmuteThread : words.muteThread}
      />
      {ofOwnThread ? <Choice does="hide" label={words.hideReply} /> : null}
      {own ? (
        <Choice does={`delete ${rkeyOf(uri)}`} label={words.delete} />
      ) : (
        <OfPerson scene={scene} who={author} />
      )}
      {own ? null : <Way path={reportPath({ uri, cid: post.cid }, forms)} label={words.reportPost} />}
      {own ? null : <Moderation scene={scene} subject={{ uri }} forms={forms} />}
    </ul>
  );
};

const reportPath = (subject: Record<string, string>, { back }: Forms): string =>
  `/app/report?${new URLSearchParams({ ...subject, back }).toString()}`;

/** The buttons of a list: its maker's, and those by which others keep away from everybody on a moderation list. */
export const ListActs: FC<{ scene: Scene; list: ListShown; forms: Forms }> = ({ scene, list, forms }) => {
  const { words } = scene.speech;
  const { uri, creator, viewer = {} } = list;
  if (creator.did === scene.viewer?.did) {
    return (
      <p class="acts-of">
        <a class="button quiet" href={`/app/list?${new URLSearchParams({ rkey: rkeyOf(uri) }).toString()}`}>
          {words.editList}
        </a>
      </p>
    );
  }
  if (list.purpose !== MODERATION_LIST) return null;
  const isMuted = viewer.muted === true;
  const { blocked } = viewer;
  return (
    <form class="acts-of" method="post" action="/app/act">
      <Hidden fields={{ csrf: forms.csrf, back: forms.back, uri }} />
      <button class="quiet" name="do" value={isMuted ? "unmute-list" : "mute-list"}>
        {isMuted ? words.unmuteList : words.muteList}
      </button>
      <button
        class="quiet"
        name="do"
        value={blocked === undefined ? "block-list" : `unblock-list ${rkeyOf(blocked)}`}
      >
        {blocked === undefined ? words.blockList : words.unblockList}
      </button>
    </form>
  );
};

const MODERATION_LIST = "app.bsky.graph.defs#modlist";

interface ListShown {
  uri: string;
  purpose: string;
  creator: Basic;
  viewer?: { muted?: boolean | undefined; blocked?: string | undefined } | undefined;
}

/** The acts that a moderator may carry out on a subject: each on a page of its own, which comes back here. */
const Moderation: FC<{ scene: Scene; subject: { uri: string } | { did: string }; forms: Forms }> = ({
  scene,
  subject,
  forms,
}) => {
  if (!scene.moderates) return null;
  const { words } = scene.speech;
  const acts =
    "uri" in subject ? (["label", "take-down"] as const) : (["label", "suspend", "take-down"] as const);
  return (
    <>
      {acts.map((act) => (
        <Way path={moderatePath({ ...subject, do: act }, forms)} label={words.moderation[act]} />
      ))}
      <Way path={subjectPath("uri" in subject ? subject.uri : subject.did)} label={words.moderation.queue} />
    </>
  );
};

const moderatePath = (subject: Record<string, string>, { back }: Forms): string =>
  `/app/moderate?${new URLSearchParams({ ...subject, back }).toString()}`;

const OfPerson: FC<{ scene: Scene; who: Basic }> = ({ scene, who }) => {
  const { words } = scene.speech;
  const { muted = false, blocking } = who.viewer ?? {};
  return (
    <>
      <Choice does={muted ? "unmute" : "mute"} label={muted ? words.unmute : words.mute} />
      <Choice does={undo("block", blocking)} label={blocking === undefined ? words.block : words.unblock} />
    </>
  );
};

/** The button by which somebody in a list is followed. */
export const FollowForm: FC<{ scene: Scene; who: Basic; forms: Forms }> = ({ scene, who, forms }) => (
  <form method="post" action="/app/act">
    <Hidden fields={{ csrf: forms.csrf, back: forms.back, did: who.did }} />
    <button
      class="first"
      name="do"
      value="follow"
      aria-label={`${scene.speech.words.follow} @${nameOf(who)}`}
    >
      {scene.speech.words.follow}
    </button>
  </form>
);

/** The buttons of another member's profile. */
export const ProfileActs: FC<{ scene: Scene; who: Basic; forms: Forms }> = ({ scene, who, forms }) => {
  const { words } = scene.speech;
  if (who.did === scene.viewer?.did) {
    return (
      <p class="acts-of">
        <a class="button quiet" href="/app/profile">
          {words.editProfile}
        </a>
        <a class="button quiet" href="/app/wishes">
          {words.wishes}
        </a>
      </p>
    );
  }
  const { following, blocking, blockedBy = false } = who.viewer ?? {};
  const isBlocked = blocking !== undefined;
  return (
    <form class="acts-of" method="post" action="/app/act">
      <Hidden fields={{ csrf: forms.csrf, back: forms.back, did: who.did }} />
      {isBlocked ? (
        <button class="first" name="do" value={undo("block", blocking)}>
          {words.unblock}
        </button>
      ) : blockedBy && following === undefined ? null : (
        <button
          class={following === undefined ? "first" : "quiet"}
          name="do"
          value={undo("follow", following)}
        >
          {following === undefined ? words.follow : words.unfollow}
        </button>
      )}
      <details class="menu-of">
        <summary aria-label={words.moreActs} title={words.moreActs}>
          <Icon name="more" />
        </summary>
        <ul>
          <Way
            path={`/app/lists?${new URLSearchParams({ did: who.did }).toString()}`}
            label={words.addToLists}
          />
          <OfPerson scene={scene} who={who} />
          <Way path={reportPath({ did: who.did }, forms)} label={words.reportPerson} />
          <Moderation scene={scene} subject={{ did: who.did }} forms={forms} />
        </ul>
      </details>
    </form>
  );
};
