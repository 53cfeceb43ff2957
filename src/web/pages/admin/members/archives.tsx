/** The page of archives. */
import type { FC } from "hono/jsx";
import type { KeptArchive } from "../../../../lifecycle/archives/archives.ts";
import { Field } from "../../fields.tsx";
import { Form, Submit } from "../../form.tsx";
import { day } from "../../parts.tsx";
import { bytesInWords, counted } from "../../words.ts";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";
import { More } from "../lines.tsx";

interface ArchivesProps extends DeskFrame {
  archives: (KeptArchive & { name: string })[];
  /** Where the next page begins; null on the last one. */
  after: string | null;
  /** The archive that a form was about. */
  wanted: { name: string; handle: string } | null;
}

export const ArchivesPage: FC<ArchivesProps> = ({ archives, after, wanted, ...frame }) => (
  <DeskPage
    {...frame}
    title="Archives"
    lead="What deleted members left, until its days are over."
    back={{ path: "/admin/members", label: "Members" }}
  >
    {archives.length === 0 ? <p class="lead">There are none.</p> : null}
    {frame.confirmed || archives.length === 0 ? null : (
      <p class="lead">
        <a href={frame.to("/account/sign-in", { to: frame.here, again: frame.member.handle })}>
          Sign in once more
        </a>{" "}
        to bring somebody back.
      </p>
    )}
    {archives.map((archive) => (
      <ArchiveCard
        {...frame}
        archive={archive}
        typed={wanted?.name === archive.name ? wanted.handle : null}
      />
    ))}
    <More {...frame} query={after === null ? null : { after }}>
      More archives
    </More>
  </DeskPage>
);

const ArchiveCard: FC<DeskFrame & { archive: ArchivesProps["archives"][number]; typed: string | null }> = ({
  archive,
  typed,
  confirmed,
  sender,
  problem,
  to,
}) => {
  const { name, handle, did, madeAt, until, bytes, files, fileBytes } = archive;
  const id = `handle-${madeAt}`;
  return (
    <article class="card">
      <h2>@{handle}</h2>
      <p class="hint">
        <code>{did}</code>
      </p>
      <p>
        Deleted on {day(madeAt)}, kept until {day(until)}. Records: {bytesInWords(bytes)};{" "}
        {counted(files, "file").toLowerCase()}
        {files === 0 ? "" : `, ${bytesInWords(fileBytes)}`}.
      </p>
      <p>
        <a href={to(`/admin/archives/${name}`)} download={`${handle}.car`}>
          Download the records<span class="visually-hidden"> of @{handle}</span>
        </a>
      </p>
      {confirmed ? (
        <details open={typed !== null}>
          <summary>
            Bring them back<span class="visually-hidden">: @{handle}</span>
          </summary>
          <p class="hint">
            The account is here again, with its posts, pictures and follows. Its password, sign-ins,
            preferences, mutes and bookmarks are not.
          </p>
          <Form {...sender} step="restore" carried={{ archive: name }}>
            <Field
              id={id}
              name="handle"
              label="Their handle"
              value={typed ?? handle}
              problem={typed !== null && problem?.field === "handle" ? { ...problem, field: id } : null}
              maxlength={253}
            />
            <Submit weight="second">Bring them back</Submit>
          </Form>
        </details>
      ) : null}
    </article>
  );
};
