/** A reported post among those around it, and what else its author wrote. */
import type { FC } from "hono/jsx";
import type { PostAround, SeenPost } from "../../../../appview/reads/moderator-view.ts";
import { contentOf } from "../../../admin/moderation/post-view.ts";
import { day } from "../../parts.tsx";
import type { SubjectProps } from "./decisions.tsx";

export const Thread: FC<SubjectProps> = ({ about, facts, posts }) => {
  if (about.uri === null) return null;
  const below = posts.around.filter(({ parent }) => parent === about.uri);
  const beside = posts.around.filter(({ parent }) => parent !== about.uri);
  return (
    <section>
      <h2>What they wrote</h2>
      {facts.takedown === null && posts.hidden === null ? null : (
        <p class="hint">
          <span class="tag bad">
            {facts.takedown === null
              ? `Hidden: ${posts.hidden}`
              : facts.author === null
                ? "Hidden here"
                : "Taken down"}
          </span>
        </p>
      )}
      {posts.thread.length === 0 ? (
        <p class="lead">
          It is no post, or is not here any more: <code>{about.uri}</code>
        </p>
      ) : (
        posts.thread.map((post) => <Post post={post} meant={post.uri === about.uri} />)
      )}
      <Around title="What was answered to it" posts={below} />
      <Around title="What else was answered to the post above" posts={beside} />
    </section>
  );
};

const Around: FC<{ title: string; posts: PostAround[] }> = ({ title, posts }) =>
  posts.length === 0 ? null : (
    <details>
      <summary>
        {title} ({posts.length})
      </summary>
      {posts.map((post) => (
        <Post post={post} meant={false} />
      ))}
    </details>
  );

const Post: FC<{ post: SeenPost; meant: boolean }> = ({ post, meant }) => {
  const { text, pictures, more } = contentOf(post.record, post.did);
  return (
    <article class={meant ? "card meant" : "card"}>
      <p class="hint">
        <b>{post.name ?? ""}</b> @{post.handle ?? post.did}, {day(post.sort)}
      </p>
      <p class="said-so">{text}</p>
      {pictures.map(({ path, alt }, i) => (
        <Veil path={path} alt={alt} what="the picture" hotkey={meant && i === 0} />
      ))}
      {more.map((line) => (
        <p class="hint">{line}</p>
      ))}
    </article>
  );
};

/** A picture behind a veil. */
export const Veil: FC<{ path: string; alt: string; what: string; hotkey: boolean }> = ({
  path,
  alt,
  what,
  hotkey,
}) => (
  <div class="veil">
    <label>
      <input type="checkbox" data-key={hotkey ? "p" : undefined} /> Show {what}
      {alt === "" ? "" : `: ${alt}`}
    </label>
    <div>
      <img src={path} alt={alt} loading="lazy" />
    </div>
  </div>
);

export const Newest: FC<SubjectProps> = ({ posts }) => (
  <section>
    <h2>What they wrote last</h2>
    {posts.newest.length === 0 ? (
      <p class="lead">Nothing that is here.</p>
    ) : (
      <ul class="log">
        {posts.newest.map((post) => (
          <li>
            {contentOf(post.record, post.did).text.slice(0, 200) || "(no text)"}
            <br />
            <span class="at">{day(post.sort)}</span>
          </li>
        ))}
      </ul>
    )}
  </section>
);
