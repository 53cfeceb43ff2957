/** The description of a setting. */
export interface Setting<Value extends string = string> {
  /** One sentence for the README's table. */
  what: string;
  /** The value if the setting is missing or empty. */
  fallback: Value;
  /** The value in a local run if the setting is missing or empty; absent: `fallback`. */
  local?: Value;
  /** Whether empty is a value of its own; otherwise an empty setting counts as missing. */
  mayBeEmpty?: true;
  /** Whether the host's pages may set it: it is kept in DIRECTORY then, and the environment overrides it. */
  kept?: true;
  /** Whether the value must never be shown. */
  secret?: true;
  /** Whether a local run ignores the shell's variable of this name, because shells use it for something else. */
  notFromShell?: true;
  /** The normal form of a trimmed, non-empty text. Throws `Unfit`. */
  read(text: string, isLocal: boolean): Value;
}

/** Keeps a setting's own type of value. */
export const setting = <Value extends string>(described: Setting<Value>) => described;
