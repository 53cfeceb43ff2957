/** One line of the consent page: a right that an app asks for. */
import type { IconName } from "../pages/icons.tsx";

export interface Asked {
  icon: IconName;
  title: string;
  detail?: string;
  /** The scopes themselves, for readers who want the exact terms. */
  exactly: string[];
  /** Whether it can cost the member their account, or lay it bare. The detail says how. */
  grave?: true;
  /** The name of its checkbox, if the member may leave it out. */
  optional?: string;
}

/** A scope of the grammar, as it was written and as it was understood. */
export interface Parsed<Permission> {
  scope: string;
  permission: Permission;
}

/** Parses the scopes that are of one kind. */
export const parsedBy = <Permission>(
  scopes: readonly string[],
  parse: (scope: string) => Permission | null,
): Parsed<Permission>[] =>
  scopes.flatMap((scope) => {
    const permission = parse(scope);
    return permission === null ? [] : { scope, permission };
  });
