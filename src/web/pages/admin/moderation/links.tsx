/** The page of blocked links and hosts. */
import type { FC } from "hono/jsx";
import { OWNERS } from "../../../../xrpc/server/role-policies.ts";
import type { Fields } from "../../../forms.ts";
import { Kept } from "../../account/rows.tsx";
import { TextArea } from "../../labelled.tsx";
import { Form, Submit } from "../../form.tsx";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";
import { More } from "../lines.tsx";
import { subjectPath } from "../paths.ts";

interface LinksProps extends DeskFrame {
  links: { domain: string; hidden: number }[];
  /** The domain after which the next page begins; null on the last one. */
  after: string | null;
  /** At-uris of posts that are hidden. */
  posts: string[];
  /** With commas. */
  hosts: string;
  wanted?: Fields | undefined;
}

export const LinksPage: FC<LinksProps> = ({ links, after, posts, hosts, wanted, ...frame }) => (
  <DeskPage
    {...frame}
    title="Links and hosts"
    lead="A post that links to a blocked domain stays its author’s, and is not shown by this host."
  >
    <Form {...frame.sender} step="block">
      <TextArea
        name="domains"
        label="Block links to"
        hint="Domains, one on each line: example.com, with all below it. The newest posts that link to a domain itself are hidden at once, others as they come."
        value={wanted?.get("domains")}
        problem={frame.problem}
      />
      <Submit>Block them</Submit>
    </Form>
    <section>
      <h2>Blocked links</h2>
      <Kept
        {...frame.sender}
        step="allow"
        does="Allow"
        things={links.map(({ domain, hidden }) => ({
          title: domain,
          at: hidden === 1 ? "1 post hidden" : `${hidden} posts hidden`,
          carried: { domain },
        }))}
      />
      <More {...frame} query={after === null ? null : { after }}>
        More blocked links
      </More>
      {posts.length === 0 ? null : (
        <details>
          <summary>Some of the hidden posts</summary>
          <ul class="log">
            {posts.map((uri) => (
              <li>
                <a href={frame.to(subjectPath(uri))}>{uri}</a>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
    {OWNERS.includes(frame.role) ? <Hosts {...frame} hosts={hosts} /> : null}
  </DeskPage>
);

const Hosts: FC<DeskFrame & { hosts: string }> = ({ hosts, ...frame }) => (
  <section>
    <h2>Blocked hosts</h2>
    <Form {...frame.sender} step="hosts">
      <TextArea
        name="BLOCKED_HOSTS"
        label="Hosts"
        hint="Other hosts whose accounts this host listens to in nothing: no reports, no calls in their name. With commas between them."
        value={hosts.replaceAll(",", ", ")}
        optional
        problem={frame.problem}
      />
      <Submit weight="second">Save the hosts</Submit>
    </Form>
  </section>
);
