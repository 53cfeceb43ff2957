/** How a test's hosts may be configured. */
import { SETTING_NAMES, type Settings } from "../../src/protocol/settings/list.ts";

/** The network's own matter: it is local, and its hosts share one directory. */
type Fixed = "LOCAL" | "PLC_URL";

/** The settings of a deploy, as the README lists them, with defaults that fit a test. */
export type HostVars = Partial<Omit<Settings, Fixed>>;

export const HOST_VARS: readonly string[] = SETTING_NAMES.filter(
  (name) => name !== "LOCAL" && name !== "PLC_URL",
);
