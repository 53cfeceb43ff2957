/** Whether an app's permissions allow a call, by the rule of its method. */
import { isHostMethod } from "./service-tokens.ts";
import {
  NEVER,
  type Permissions,
  type Rule,
  SCOPE_RULES,
  SERVICE,
  type ScopedCall,
  named,
} from "./scope-rules.ts";
import { entryOf } from "../../protocol/json.ts";

const ruleOf = (nsid: string): Rule => entryOf(SCOPE_RULES, nsid) ?? (isHostMethod(nsid) ? NEVER : SERVICE);

/** Refuses 403 `ScopeMissingError` with the missing scope, or 403 `Forbidden` if no scope would help. */
export function authorizeCall(permissions: Permissions, on: ScopedCall): void {
  named(() => ruleOf(on.nsid).call?.(permissions, on));
}

/** Like `authorizeCall`, for rules that depend on the body. */
export function authorizeInput(permissions: Permissions, nsid: string, input: unknown): void {
  const { input: rule } = ruleOf(nsid);
  if (rule === undefined || typeof input !== "object" || input === null) return;
  named(() => rule(permissions, input, nsid));
}

export const mayReadEmail = (permissions: Permissions): boolean =>
  permissions.allowsAccount({ attr: "email", action: "read" });
