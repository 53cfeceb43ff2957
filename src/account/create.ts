/** Creates an account: its tables, its row, and a repo whose one commit is empty. */
import type { CreateAccount } from "../protocol/account-station.ts";
import { cidFromBytes } from "../protocol/cid.ts";
import { signCommit } from "../protocol/commit.ts";
import { generateKey } from "../protocol/keys.ts";
import { editMst } from "../protocol/mst/mst.ts";
import type { Sql } from "../protocol/object/sql.ts";
import { migrate } from "../protocol/object/schema.ts";
import { Refusal } from "../protocol/refusal.ts";
import { type Bindings, SEQUENCER_NAME, type SequencerStation } from "../protocol/stations.ts";
import { nextTid } from "../protocol/tid.ts";
import { MIGRATIONS } from "./migrations.ts";
import { hashPassword } from "./password.ts";
import { checkedPassword } from "./sessions.ts";
import { storeTree, treeOf } from "./tree.ts";

/**
 * All or nothing: an object that dies here has stored nothing. `makeTables` creates the schema. Refuses
 * NotEnoughResources (503) if `isMeant` says, after the wait for the hash, that the account is no longer wanted.
 */
export async function createAccount(
  sql: Sql,
  { did, at, password, signingKey }: CreateAccount,
  sequencer: Pick<SequencerStation, "repo">,
  makeTables: () => void,
  isMeant: () => boolean,
): Promise<void> {
  const hash = password === null ? null : await hashPassword(checkedPassword(password));
  // A deleted account may come back. If its positions started over, its events would look like repeats.
  const base = (await sequencer.repo(did))?.position ?? 0;
  const key = signingKey ?? (await generateKey());
  const now = Date.now();
  if (!isMeant()) {
    throw new Refusal("NotEnoughResources", "The account could not be made in time. Try again", 503);
  }
  sql.transaction(() => {
    makeTables();
    // Two calls may have hashed at once. The first account stands.
    if (sql.first("SELECT 1 FROM account") !== null) return;
    sql.run(
      "INSERT INTO account (only, did, signing_key, password, created_at, position_base) VALUES (0, ?, ?, ?, ?, ?)",
      did,
      key,
      hash,
      at,
      base,
    );
    const rev = nextTid(now * 1000, null);
    const tree = editMst(treeOf(sql), [], rev);
    const data = cidFromBytes(tree.root);
    const commit = signCommit({ did, data, rev }, key);
    storeTree(sql, tree, { cid: commit.cid, rev, data, bytes: commit.bytes }, null);
  });
}

/** Creates it in the object's storage. */
export const createIn = (
  sql: Sql,
  { SEQUENCER }: Pick<Bindings, "SEQUENCER">,
  wanted: CreateAccount,
  isMeant: () => boolean,
): Promise<void> => {
  const makeTables = () => migrate(sql.storage, MIGRATIONS);
  return createAccount(sql, wanted, SEQUENCER.getByName(SEQUENCER_NAME), makeTables, isMeant);
};
