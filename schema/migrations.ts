/**
 * The ordered SQL of both databases, which the Worker carries. `migrations/` is the authority; a test holds
 * these lists to it. Names are those that `wrangler d1 migrations` records, so that both ways agree.
 */
import directory0001 from "../migrations/directory/0001_init.sql";
import directory0002 from "../migrations/directory/0002_account_care.sql";
import directory0003 from "../migrations/directory/0003_viewer_state.sql";
import directory0010 from "../migrations/directory/0010_oauth.sql";
import directory0011 from "../migrations/directory/0011_sessions_ended.sql";
import directory0012 from "../migrations/directory/0012_bounds.sql";
import directory0013 from "../migrations/directory/0013_handles.sql";
import directory0014 from "../migrations/directory/0014_unsettled.sql";
import directory0015 from "../migrations/directory/0015_host_settings.sql";
import directory0016 from "../migrations/directory/0016_admin.sql";
import directory0017 from "../migrations/directory/0017_host_setup.sql";
import directory0018 from "../migrations/directory/0018_invites_end.sql";
import directory0019 from "../migrations/directory/0019_admin_lists.sql";
import directory0020 from "../migrations/directory/0020_relay_missing_out.sql";
import directory0021 from "../migrations/directory/0021_mail.sql";
import directory0022 from "../migrations/directory/0022_usage.sql";
import directory0023 from "../migrations/directory/0023_announcement.sql";
import directory0024 from "../migrations/directory/0024_join_requests.sql";
import directory0025 from "../migrations/directory/0025_blocked_link.sql";
import directory0026 from "../migrations/directory/0026_hand_over.sql";
import directory0027 from "../migrations/directory/0027_backup.sql";
import directory0028 from "../migrations/directory/0028_moving.sql";
import directory0029 from "../migrations/directory/0029_shortage.sql";
import directory0030 from "../migrations/directory/0030_invite_use_at.sql";
import directory0031 from "../migrations/directory/0031_examination.sql";
import directory0032 from "../migrations/directory/0032_files.sql";
import appview0001 from "../migrations/appview/0001_init.sql";
import appview0002 from "../migrations/appview/0002_bookmarks_duplicates.sql";
import appview0003 from "../migrations/appview/0003_rebuild.sql";
import appview0004 from "../migrations/appview/0004_post_word.sql";
import appview0005 from "../migrations/appview/0005_search.sql";
import appview0006 from "../migrations/appview/0006_rebuild_failure.sql";
import appview0007 from "../migrations/appview/0007_backlog.sql";
import appview0008 from "../migrations/appview/0008_blocked_link.sql";
import appview0009 from "../migrations/appview/0009_sources.sql";

export interface Migration {
  name: string;
  sql: string;
}

/** The directory's: members, and all that must never be lost. */
export const DIRECTORY_MIGRATIONS: readonly Migration[] = [
  { name: "0001_init.sql", sql: directory0001 },
  { name: "0002_account_care.sql", sql: directory0002 },
  { name: "0003_viewer_state.sql", sql: directory0003 },
  { name: "0010_oauth.sql", sql: directory0010 },
  { name: "0011_sessions_ended.sql", sql: directory0011 },
  { name: "0012_bounds.sql", sql: directory0012 },
  { name: "0013_handles.sql", sql: directory0013 },
  { name: "0014_unsettled.sql", sql: directory0014 },
  { name: "0015_host_settings.sql", sql: directory0015 },
  { name: "0016_admin.sql", sql: directory0016 },
  { name: "0017_host_setup.sql", sql: directory0017 },
  { name: "0018_invites_end.sql", sql: directory0018 },
  { name: "0019_admin_lists.sql", sql: directory0019 },
  { name: "0020_relay_missing_out.sql", sql: directory0020 },
  { name: "0021_mail.sql", sql: directory0021 },
  { name: "0022_usage.sql", sql: directory0022 },
  { name: "0023_announcement.sql", sql: directory0023 },
  { name: "0024_join_requests.sql", sql: directory0024 },
  { name: "0025_blocked_link.sql", sql: directory0025 },
  { name: "0026_hand_over.sql", sql: directory0026 },
  { name: "0027_backup.sql", sql: directory0027 },
  { name: "0028_moving.sql", sql: directory0028 },
  { name: "0029_shortage.sql", sql: directory0029 },
  { name: "0030_invite_use_at.sql", sql: directory0030 },
  { name: "0031_examination.sql", sql: directory0031 },
  { name: "0032_files.sql", sql: directory0032 },
];

/** The index, derived from repos. */
export const APPVIEW_MIGRATIONS: readonly Migration[] = [
  { name: "0001_init.sql", sql: appview0001 },
  { name: "0002_bookmarks_duplicates.sql", sql: appview0002 },
  { name: "0003_rebuild.sql", sql: appview0003 },
  { name: "0004_post_word.sql", sql: appview0004 },
  { name: "0005_search.sql", sql: appview0005 },
  { name: "0006_rebuild_failure.sql", sql: appview0006 },
  { name: "0007_backlog.sql", sql: appview0007 },
  { name: "0008_blocked_link.sql", sql: appview0008 },
  { name: "0009_sources.sql", sql: appview0009 },
];
