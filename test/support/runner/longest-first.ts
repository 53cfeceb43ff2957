/** The order of test files: those that take longest begin first, so that at the end no core waits for one file. */
import path from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take more than a second and a half. The longest come first. */
const LONG = [
  "sequencer/fan-out/repos",
  "flows/account-passwords",
  "lifecycle/cuts",
  "flows/pages",
  "account/import",
  "flows/malformed",
  "xrpc/check-password",
  "sequencer/fan-out/json",
  "web/admin/reports",
  "lifecycle/sign-ups",
  "appview/rebuild",
  "sequencer/fan-out/pipe-outlet",
  "protocol/memory",
  "web/admin/upkeep",
  "xrpc/auth-table",
  "edge/video",
  "account/budget",
  "web/host-pages",
  "sequencer/dispatch",
  "lifecycle/standing",
  "node/streams",
  "node/memory",
  "node/host",
  "node/bundle",
  "node/settings",
  "node/upstream/proxy",
].map((name) => path.resolve(import.meta.dirname, `../../${name}.test.ts`));

const placeOf = ({ moduleId }: TestSpecification) => {
  const place = LONG.indexOf(moduleId);
  return place < 0 ? LONG.length : place;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}
