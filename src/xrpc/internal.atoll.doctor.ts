/** `internal.atoll.doctor.*`: whether what the host keeps is whole. For owners, their pages and their tools. */
import * as v from "@atcute/lexicons/validations";
import { act } from "./admin/acts.ts";
import { method } from "./server/method.ts";
import { hostOwner } from "./server/role-policies.ts";

/** Loaded when one of these is called. */
const doctor = () => import("../lifecycle/doctor/run.ts");
const status = () => import("../lifecycle/doctor/status.ts");

const anything = { type: "lex", schema: v.object({}) } as const;
const nothing = { type: "lex", schema: v.object({}) } as const;

const getReport = v.query("internal.atoll.doctor.getReport", { params: null, output: anything });
const start = v.procedure("internal.atoll.doctor.start", { params: null, input: nothing, output: null });
const step = v.procedure("internal.atoll.doctor.step", { params: null, input: nothing, output: anything });

export const internalAtollDoctor = [
  method({ mainSchema: getReport }, hostOwner, async ({ services }) => ({
    report: await (await status()).readReport(services.env),
  })),

  // Begins an examination, unless one is under way. The schedule goes on with it.
  method({ mainSchema: start }, hostOwner, async ({ caller, services }) => {
    const run = await doctor();
    await act(services, caller, "startExamination", undefined, {}, () => run.start(services.env));
  }),

  // Makes one step of it at once. Callers repeat the call until the report says that it has ended.
  method({ mainSchema: step }, hostOwner, async ({ services }) => {
    await (await doctor()).step(services.env, services.ownAppView());
    return { report: await (await status()).readReport(services.env) };
  }),
];
