/** `/`: the community, and what it says: the latest, or the best of the week. */
import type { FC } from "hono/jsx";
import { getCommunityFeed } from "../../../appview/reads/methods/feed/get-community-feed.ts";
import { HostAddress, HostFacts } from "../../pages/parts.tsx";
import { appPage } from "../answers.tsx";
import { briefly } from "../frame/preview.tsx";
import { Empty, Paging, Shell, Tabs } from "../frame/shell.tsx";
import { PostArticle, judgePost } from "../parts/post.tsx";
import { type AppVisit, type Scene, isMember } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { cursorOf } from "./asked.ts";
import { type HomeTab, homeTabs } from "./home.tsx";

const PAGE = 30;

export async function community(visit: AppVisit): Promise<Response> {
  const { reading, scene, url } = visit;
  const { host, speech } = scene;
  const { words } = speech;
  const tab = url.searchParams.get("tab") ?? "";
  const best = tab === "best";
  const cursor = cursorOf(url);
  const [{ posts, ...next }, tabs] = await Promise.all([
    getCommunityFeed(reading, { limit: PAGE, cursor, best }).finally(visit.end),
    isMember(visit) ? homeTabs(visit, tab) : guestTabs(scene, best),
  ]);
  const listed = posts.filter((post) => !judgePost(scene, post).unlisted);
  const query: Record<string, string> = tab === "" ? {} : { tab };
  return appPage(
    visit,
    <Shell
      scene={scene}
      at="/"
      preview={{
        title: host.name,
        path: best ? "/?tab=best" : "/",
        indexed: cursor === undefined,
        description: briefly(words.lead),
        image: { url: `${host.origin}${host.logo ?? "/account/mark.svg"}` },
        rss: "/rss",
      }}
      aside={<About scene={scene} />}
    >
      {cursor === undefined ? <Welcome scene={scene} /> : <h1 class="visually-hidden">{host.name}</h1>}
      <Tabs label={host.name} tabs={tabs} />
      {listed.length === 0 && next.cursor === undefined ? (
        <Empty>{best ? words.quietWeek : words.quiet}</Empty>
      ) : null}
      <div class="posts">
        {listed.map((post) => (
          <PostArticle scene={scene} post={post} />
        ))}
      </div>
      <Paging scene={scene} path="/" query={query} cursor={next.cursor} />
    </Shell>,
  );
}

/**
 * The page of guests where the pages are for members: the name, what it is, and how to join, the same at
 * every path. Whoever signs in comes back to it.
 */
export async function front(visit: AppVisit): Promise<Response> {
  const { scene, url } = visit;
  const { host, speech } = scene;
  const { words } = speech;
  const isRoot = url.pathname === "/";
  return appPage(
    visit,
    <Shell
      scene={scene}
      at="/"
      preview={{
        title: host.name,
        path: "/",
        indexed: isRoot,
        description: host.kind === "person" ? words.leadPerson : words.lead,
        image: { url: `${host.origin}${host.logo ?? "/account/mark.svg"}` },
      }}
      aside={<About scene={scene} />}
    >
      <Welcome scene={scene} to={isRoot ? "/" : url.pathname + url.search} />
      <Empty>{words.forMembers}</Empty>
    </Shell>,
    { status: isRoot ? 200 : 403 },
  );
}

const guestTabs = ({ speech: { words } }: Scene, best: boolean): HomeTab[] => [
  { path: "/", name: words.latest, here: !best },
  { path: "/?tab=best", name: words.best, here: best },
];

const JOINING = { invite: "joinInvite", approval: "joinApproval", open: "joinOpen" } as const;

/** Tells a guest about the community, and how to join it. */
const Welcome: FC<{ scene: Scene; to?: string }> = ({ scene: { host, speech, viewer }, to = "/" }) => {
  const { words } = speech;
  const { registration, memberInvites, kind } = host;
  const isPerson = kind === "person";
  if (viewer !== null) return <h1 class="visually-hidden">{host.name}</h1>;
  return (
    <div class="head">
      <h1>{filled(words.welcome, host.name)}</h1>
      <p class="lead">
        {isPerson ? words.leadPerson : words.lead}{" "}
        {isPerson && registration === "closed" ? null : words[registration]}{" "}
        {registration === "invite" && memberInvites ? words.ask : null}
      </p>
      <div class="buttons start">
        {registration === "closed" ? null : (
          <a class="button first" href="/account/sign-up">
            {words[JOINING[registration]]}
          </a>
        )}
        <a class={`button ${registration === "closed" ? "first" : "second"}`} href={signInTo(to)}>
          {words.signIn}
        </a>
      </div>
    </div>
  );
};

const signInTo = (to: string): string => `/account/sign-in?${new URLSearchParams({ to }).toString()}`;

const About: FC<{ scene: Scene }> = ({ scene: { host, speech, searches } }) => {
  const { words } = speech;
  return (
    <div class="card">
      <h2>{words.elsewhere}</h2>
      <p>{words.elsewhereHow}</p>
      <HostAddress host={host} />
      {searches || host.kind === "person" ? (
        <p>
          <a href="/rss">{words.feed}</a>
        </p>
      ) : null}
      <details>
        <summary>{words.developers}</summary>
        <HostFacts host={host} />
      </details>
    </div>
  );
};
