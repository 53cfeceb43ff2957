/** A Worker's bindings, with what the environment and the host's pages have set. */
import { inJurisdiction } from "./jurisdiction.ts";
import {
  type GivenSettings,
  type KeptSettings,
  SETTING_NAMES,
  type SettingName,
  type Settings,
  isFixed,
  readSettings,
} from "./list.ts";

/** A Worker's bindings with the settings in their normal form. */
export interface Configured<Env> {
  bindings: Env & Settings;
  /** Those of `readSettings`. */
  faults: string[];
}

/** Where the pages have set nothing. */
export const NOTHING_KEPT: KeptSettings = {};

/** Configured bindings, by the bindings and the kept settings that they were made of. */
const configured = new WeakMap<object, WeakMap<object, Configured<object>>>();

/**
 * Replaces the settings among a Worker's bindings by their normal forms, once for each pair. Bindings that need
 * no change are returned as they are.
 */
export function configure<Env extends object>(env: Env, kept: KeptSettings = NOTHING_KEPT): Configured<Env> {
  const madeBefore = configured.get(env) ?? new WeakMap<object, Configured<object>>();
  configured.set(env, madeBefore);
  const known = madeBefore.get(kept);
  if (known !== undefined) return known as Configured<Env>;
  const given: GivenSettings = Object.fromEntries(Object.entries(env));
  const { settings, faults } = readSettings(given, kept);
  const isNormal = SETTING_NAMES.every((name) => given[name] === settings[name]);
  const FIXED = SETTING_NAMES.filter((name) => isFixed(given, name));
  const bindings = isNormal ? (env as Env & Settings) : { ...env, ...settings, FIXED };
  const made = { bindings: inJurisdiction(bindings), faults };
  madeBefore.set(kept, made);
  return made;
}

/** The settings that the environment sets, among bindings that `configure` made. */
export const fixedSettings = (
  bindings: Settings & { FIXED?: readonly SettingName[] },
): readonly SettingName[] => bindings.FIXED ?? SETTING_NAMES.filter((name) => isFixed({ ...bindings }, name));
