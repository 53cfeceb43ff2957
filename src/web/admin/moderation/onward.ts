/** The way on after a decision. */
import { subjectPath } from "../../pages/admin/paths.ts";
import { goTo, pathWith } from "../../replies.tsx";
import type { DeskVisit } from "../desk.tsx";
import type { Decided } from "./decided.ts";
import { readNext } from "./queue-reads.ts";

/** To the subject that waits next, with what was just decided; to the queue if nothing does. */
export async function goOn(visit: DeskVisit, { subject, how, at, value = "" }: Decided): Promise<Response> {
  const { DIRECTORY } = visit.services.env;
  const next = await readNext(DIRECTORY, visit.role, subject);
  const path = next === null ? "/admin/reports" : subjectPath(next);
  const query = { was: subject, how, at, ...(value === "" ? {} : { value }) };
  return goTo(visit, pathWith(path, visit.others ? { ...query, as: visit.member.did } : query));
}
