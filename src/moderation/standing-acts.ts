/** All acts of moderation that stand, as the AppView receives them: for an index that is derived anew. */
import type { Did } from "@atcute/lexicons";
import type { ModerationAct } from "../protocol/stations.ts";
import { actOf } from "./issue-labels.ts";
import { BlockedLinks } from "./blocked-links.ts";
import { ModerationLabels } from "./labels.ts";
import { ModerationSubjects, type SubjectTakedown } from "./subjects.ts";

const PAGE = 500;

const takedownOf = ({ did, subject, ref }: SubjectTakedown): ModerationAct => ({
  kind: "takedown",
  did,
  applied: true,
  ref,
  ...(subject === did ? {} : subject.startsWith("at://") ? { uri: subject } : { blob: subject }),
});

/** Blocked links, takedowns of records, blobs and other hosts' accounts, then labels in their order, negations included. Page by page. */
export async function* standingActs(directory: D1Database): AsyncGenerator<ModerationAct[]> {
  const links = await new BlockedLinks(directory).list();
  yield [{ kind: "links", domains: links.map(({ domain }) => domain), fresh: [] }];
  const subjects = new ModerationSubjects(directory);
  let last: { did: Did | ""; subject: string } = { did: "", subject: "" };
  for (;;) {
    const page = await subjects.after(last, PAGE);
    yield page.map(takedownOf);
    last = page.at(-1) ?? last;
    if (page.length < PAGE) break;
  }
  const labels = new ModerationLabels(directory);
  let seq = 0;
  for (;;) {
    const page = await labels.after(seq, PAGE);
    yield page.map(({ label }) => actOf(label));
    seq = page.at(-1)?.seq ?? seq;
    if (page.length < PAGE) break;
  }
}
