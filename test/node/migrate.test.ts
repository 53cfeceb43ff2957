import { expect, test } from "vitest";
import { isTaken } from "../../tools/migrate/steps.ts";

test.each([
  // A half-made account of an earlier attempt, which its host rolls back.
  ["AlreadyExists", "Repo already exists", true],
  ["HandleNotAvailable", "Handle already taken: alice.test", true],
  ["InvalidRequest", "Handle already taken: alice.test", true],
  // Refusals that no waiting changes.
  ["InvalidInviteCode", "Provided invite code not available", false],
  ["InvalidRequest", "Handle must not be empty", false],
  ["UnsupportedDomain", "Not a supported handle domain", false],
])("%s (%s): may pass by itself: %s", (error, message, passes) => {
  expect(isTaken({ error, message })).toBe(passes);
});
