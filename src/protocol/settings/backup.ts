/** Settings of the host's backups. */
import { setting } from "./setting.ts";
import { readBucket, readChoice, readCount, readPoint, readS3Key } from "./values.ts";

export const BACKUP_SETTINGS = {
  BACKUP_KEY: setting({
    what: "The public key that the secrets in backups are sealed for; without it, no backup is made.",
    fallback: "",
    kept: true,
    notFromShell: true,
    read: readPoint,
  }),
  BACKUP_EVERY: setting({
    what: "How often a backup begins: each `day` or each `week`.",
    fallback: "day",
    kept: true,
    notFromShell: true,
    read: readChoice("day", "week"),
  }),
  BACKUP_KEEP: setting({
    what: "How many backups are kept.",
    fallback: "14",
    kept: true,
    notFromShell: true,
    read: readCount,
  }),
  BACKUP_TO: setting({
    what: "Where backups go, `https://endpoint/bucket/folder?region=…` of any S3 service; by default the host's own R2.",
    fallback: "",
    kept: true,
    notFromShell: true,
    read: readBucket,
  }),
  BACKUP_S3_KEY: setting({
    what: "The access key of `BACKUP_TO`, as `id:secret`.",
    fallback: "",
    secret: true,
    kept: true,
    notFromShell: true,
    read: readS3Key,
  }),
};
