/** The moderation queue, and what is decided about one subject. */
import { tellReporters } from "../../../lifecycle/report-mail.ts";
import { ownLabelsOf } from "../../../protocol/settings/own-labels.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { assertOutranks } from "../../../xrpc/admin/acts.ts";
import {
  type Subject,
  createLabels,
  reopenReports,
  reportedSubject,
  updateReports,
} from "../../../xrpc/admin/reports.ts";
import { closeReports, nameOf, setTakedown, takedownRef } from "../../../xrpc/admin/decisions.ts";
import { MODERATORS, outranks } from "../../../xrpc/server/role-policies.ts";
import { type Fields, lineOf } from "../../forms.ts";
import { QueuePage } from "../../pages/admin/moderation/queue.tsx";
import { SubjectPage } from "../../pages/admin/moderation/subject.tsx";
import { wrong } from "../../problems.ts";
import { errorPage } from "../../replies.tsx";
import { type DeskPage, type DeskVisit, type Said, type Step, shown } from "../desk.tsx";
import { readQueue } from "./queue-reads.ts";
import { readPosts, readSubject } from "./report-reads.ts";
import { type Decided, decidedIn } from "./decided.ts";
import { decidedAtOnce, decidedMeanwhile, takenMeanwhile } from "./meanwhile.ts";
import { goOn } from "./onward.ts";
import { warn } from "./warn.ts";

const NOTE_MAX = 500;

export const queue: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const { DIRECTORY, APPVIEW_DB } = visit.services.env;
    const found = await readQueue(DIRECTORY, APPVIEW_DB, visit.role);
    const decided = decidedIn(visit.url);
    return shown(visit, said, (frame) => <QueuePage {...frame} queue={found} decided={decided} />);
  },
  steps: {},
};

/** The subject of the page; null if its path says nothing that a report can be about. */
function subjectOf({ about }: DeskVisit): Subject | null {
  try {
    return reportedSubject(about);
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}

type Act = (visit: DeskVisit, subject: Subject, fields: Fields) => Promise<Said | Response>;

const step = (act: Act): Step => ({
  may: MODERATORS,
  take: async (visit, fields) => {
    const subject = subjectOf(visit);
    if (subject === null) return errorPage(visit, "Nothing can be reported there.", { status: 404 });
    return act(visit, subject, fields);
  },
});

/** Does what was decided, closes the reports, tells who made them if that is wanted, and goes on to the next. */
function decision(
  how: Decided["how"],
  act: (visit: DeskVisit, subject: Subject, fields: Fields) => Promise<Said | void>,
): Step {
  return step(async (visit, subject, fields) => {
    const { services, caller } = visit;
    await assertOutranks(services, caller, subject.did);
    const late = await decidedMeanwhile(visit, fields);
    if (late !== null) return { problem: late, fields };
    const said = await act(visit, subject, fields);
    if (said?.problem !== undefined) return said;
    const note = lineOf(fields, "note").slice(0, NOTE_MAX);
    const { at, reporters } = await closeReports(services, caller, subject, {
      dismissed: how === "dismiss",
      note,
    });
    const other = decidedAtOnce(fields, at);
    if (other !== null) return { problem: other, fields };
    if (fields.get("tell") === "yes" && reporters.length > 0) {
      const author = await services.directory.findByDid(subject.did);
      const outcome = { subject: nameOf(subject), handle: author?.handle ?? null, acted: how !== "dismiss" };
      services.defer(tellReporters(services, reporters, outcome));
    }
    const value = how === "label" ? { value: lineOf(fields, "label") } : {};
    return goOn(visit, { subject: nameOf(subject), how, at, ...value });
  });
}

/** Undoes what `decision` did: the reports first, since only a true decision can be taken back. */
const undo = step(async (visit, subject, fields) => {
  const { services, caller } = visit;
  const how = fields.get("how");
  const at = lineOf(fields, "at");
  await reopenReports(services, caller, { subject: nameOf(subject), at });
  if (how === "take-down") await setTakedown(visit.services, visit.caller, subject, { applied: false });
  if (how === "suspend")
    await setTakedown(visit.services, visit.caller, { did: subject.did, uri: null }, { applied: false });
  if (how === "restore")
    await setTakedown(visit.services, visit.caller, subject, { applied: true, ref: "TAKEDOWN again" });
  if (how === "label")
    await createLabels(services, caller, [{ uri: nameOf(subject), val: lineOf(fields, "value"), neg: true }]);
  return { done: "It is as it was before, and the reports are open again." };
});

const change = (update: { assignedTo?: null; escalated?: boolean }, done: string) =>
  step(async (visit, subject) => {
    await updateReports(visit.services, visit.caller, { subject: nameOf(subject), ...update });
    return { done };
  });

export const subject: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const about = subjectOf(visit);
    if (about === null) return errorPage(visit, "Nothing can be reported there.", { status: 404 });
    const { DIRECTORY, APPVIEW_DB } = visit.services.env;
    const [facts, posts] = await Promise.all([
      readSubject(DIRECTORY, about, visit.role),
      readPosts(APPVIEW_DB, about),
    ]);
    const mayAct = outranks(visit.caller, facts.role) && about.did !== visit.member.did;
    return shown(visit, said, (frame) => (
      <SubjectPage
        {...frame}
        about={about}
        facts={facts}
        posts={posts}
        mayAct={mayAct}
        decided={decidedIn(visit.url)}
        wanted={said.fields}
        ownLabels={ownLabelsOf(visit.services.env.OWN_LABELS).map(({ value, name }) => [value, name])}
      />
    ));
  },
  steps: {
    dismiss: decision("dismiss", async () => undefined),
    label: decision("label", async ({ services, caller }, about, fields) => {
      const val = lineOf(fields, "label");
      if (val === "") return { problem: wrong("Please choose a label.", "label"), fields };
      await createLabels(services, caller, [{ uri: nameOf(about), val }]);
    }),
    "take-down": decision("take-down", async (visit, about, fields) => {
      await setTakedown(
        visit.services,
        visit.caller,
        about,
        { applied: true, ref: takedownRef("TAKEDOWN", lineOf(fields, "note")) },
        lineOf(fields, "cid"),
      );
    }),
    suspend: decision("suspend", async (visit, about, fields) => {
      await setTakedown(
        visit.services,
        visit.caller,
        { did: about.did, uri: null },
        { applied: true, ref: takedownRef("SUSPEND", lineOf(fields, "note")) },
      );
    }),
    restore: decision("restore", async (visit, about) => {
      await setTakedown(visit.services, visit.caller, about, { applied: false });
    }),
    warn: decision("warn", warn),
    undo,
    take: step(async (visit, about, fields) => {
      const problem = await takenMeanwhile(visit, about, fields);
      if (problem !== null) return { problem };
      await updateReports(visit.services, visit.caller, {
        subject: nameOf(about),
        assignedTo: visit.member.did,
      });
      return { done: "You take care of it now: others see that." };
    }),
    leave: change({ assignedTo: null }, "Nobody takes care of it now."),
    escalate: change({ escalated: true }, "It is passed on to the owners, who see it first."),
    "hand-back": change({ escalated: false }, "It is for the moderators again."),
  },
};
