/** How a test's hosts may be configured. */
import { SETTING_NAMES, type Settings } from "../../src/protocol/settings/list.ts";

/** The network's own matter: it is local, in no jurisdiction, and its hosts share one directory. */
const FIXED = ["LOCAL", "PLC_URL", "JURISDICTION"] as const;
type Fixed = (typeof FIXED)[number];

/** The settings of a deploy, as the README lists them, with defaults that fit a test. */
export type HostVars = Partial<Omit<Settings, Fixed>>;

export const HOST_VARS: readonly string[] = SETTING_NAMES.filter(
  (name) => !(FIXED as readonly string[]).includes(name),
);
