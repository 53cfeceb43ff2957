/** The schema of an account's object, in order. */
import first from "../../migrations/account/0001_account.sql";
import recordTakedowns from "../../migrations/account/0002_record_takedown.sql";
import irregular from "../../migrations/account/0003_irregular.sql";
import settled from "../../migrations/account/0004_settled.sql";
import files from "../../migrations/account/0005_files.sql";

export const MIGRATIONS = [first, recordTakedowns, irregular, settled, files];
