/** The tree of who came by whom. */
import type { FC } from "hono/jsx";
import { MODERATORS } from "../../../xrpc/server/role-policies.ts";
import { BRANCHES, type Branch, type Tree } from "../../admin/invite-reads.ts";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";

export const TreePage: FC<DeskFrame & { tree: Tree; root: string }> = ({ tree, root, ...frame }) => {
  const below = Map.groupBy(tree.below, ({ by }) => by);
  return (
    <DeskPage {...frame} title="Who came by whom" back={{ path: "/admin/invites", label: "Invites" }}>
      <p class="lead">
        {tree.above.map(({ did, handle }, i) => (
          <>
            {i === 0 ? "" : " → "}
            <Came {...frame} did={did} handle={handle} />
          </>
        ))}
      </p>
      {tree.below.length === 0 ? (
        <p class="lead">Nobody came by them yet.</p>
      ) : (
        <Branches {...frame} of={root} below={below} />
      )}
      {tree.below.length < BRANCHES ? null : <p class="lead">There may be more: these are the first.</p>}
    </DeskPage>
  );
};

interface CameProps extends Pick<DeskFrame, "to" | "role"> {
  did: string;
  /** Null if the account is gone. */
  handle: string | null;
}

/** Somebody who came. Inviters see nobody's page but their own. */
export const Came: FC<CameProps> = ({ did, handle, to, role }) => {
  if (handle === null) return <>somebody who left</>;
  return MODERATORS.includes(role) ? <a href={to(`/admin/members/${did}`)}>@{handle}</a> : <>@{handle}</>;
};

const Branches: FC<Pick<DeskFrame, "to" | "role"> & { of: string; below: Map<string, Branch[]> }> = ({
  of,
  below,
  ...frame
}) => (
  <ul class="tree">
    {(below.get(of) ?? []).map(({ did, handle }) => (
      <li>
        <Came {...frame} did={did} handle={handle} />
        {below.has(did) ? <Branches {...frame} of={did} below={below} /> : null}
      </li>
    ))}
  </ul>
);
