/**
 * The order of test files: those that take longest begin first, so that at the end no core waits for one file.
 * Tests in Node come after those in workerd: each is a process of its own, and fills whatever is free.
 */
import path from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take more than three seconds, which their size does not tell. The longest come first. */
const LONG = [
  "sequencer/fan-out/repos",
  "flows/account-passwords",
  "lifecycle/cuts",
  "flows/account-moderation",
  "flows/pages",
  "account/import",
  "sequencer/fan-out/json",
  "flows/malformed",
  "appview/notifications",
  "xrpc/check-password",
  "lifecycle/deletions",
  "lifecycle/sign-ups",
  "flows/appview-feeds",
  "appview/post-search-rows",
  "node/memory",
  "node/read-your-writes",
  "node/host",
  "node/streams",
  "node/bundle",
  "node/upstream/proxy",
  "node/settings",
].map((name) => path.resolve(import.meta.dirname, `../../${name}.test.ts`));

const placeOf = ({ moduleId }: TestSpecification) => {
  const place = LONG.indexOf(moduleId);
  return place < 0 ? LONG.length : place;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isInNode = ({ project }: TestSpecification) => Number(project.name === "node");
    return sorted.toSorted((a, b) => isInNode(a) - isInNode(b) || placeOf(a) - placeOf(b));
  }
}
