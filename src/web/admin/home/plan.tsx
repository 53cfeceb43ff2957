/** The host's use of Cloudflare's plans, and the month's cost. */
import { type FileMove, beginMove } from "../../../lifecycle/files/move.ts";
import { type PlanUse, planUse } from "../../../lifecycle/numbers/month.ts";
import { isEvidentlyPaid } from "../../../lifecycle/numbers/shortage.ts";
import { RECKONED } from "../../../lifecycle/numbers/use.ts";
import { dollarsFor, shareOfFree } from "../../../protocol/plan/bill.ts";
import { STEPS, type Shortage, shortageInWords } from "../../../protocol/plan/shortage.ts";
import { RESOURCES, type Resource, priceOf } from "../../../protocol/plan/prices.ts";
import type { Bindings } from "../../../protocol/stations.ts";
import { ModerationAudit } from "../../../moderation/audit.ts";
import { MODERATORS, OWNERS } from "../../../xrpc/server/role-policies.ts";
import { type PlanLine, PlanPage, type PlanSummary } from "../../pages/admin/home/plan.tsx";
import type { Concern } from "../../pages/admin/home/home.tsx";
import { wrong } from "../../problems.ts";
import { change } from "../change-settings.ts";
import { type DeskPage, type DeskVisit, shown } from "../desk.tsx";
import { readPlan } from "./reads.ts";

type Plan = Bindings["PLAN"];

export const plan: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const { use, move } = await planNow(visit);
    const { PLAN, BLOBS } = visit.services.env;
    const files = { hasBucket: BLOBS !== undefined, heldBytes: use.kept.heldBytes, move };
    return shown(visit, said, (frame) => (
      <PlanPage
        {...frame}
        summary={{ ...summaryOf(use, PLAN), lines: RESOURCES.map((resource) => lineOf(use, resource)) }}
        kinds={use.kept.byKind}
        step={visit.services.env.SHORT?.step ?? null}
        files={files}
      />
    ));
  },
  steps: {
    files: {
      may: OWNERS,
      take: async ({ services, caller }) => {
        const audit = new ModerationAudit(services.env.DIRECTORY);
        await audit.around({ actor: caller.actor, action: "moveFiles", detail: {} }, () =>
          beginMove(services.env),
        );
        return { done: "The move has begun. It goes on by itself, and nobody notices." };
      },
    },
    plan: {
      may: OWNERS,
      take: async (visit, fields) => {
        const wanted = fields.get("plan") ?? "";
        if (wanted !== "free" && wanted !== "paid")
          return { problem: wrong("Please choose a plan.", "plan") };
        return change(visit, { PLAN: wanted }, fields);
      },
    },
  },
};

async function planNow({ services }: DeskVisit): Promise<{ use: PlanUse; move: FileMove | null }> {
  const [{ numbers, move }, firehose] = await Promise.all([
    readPlan(services.env.DIRECTORY),
    services.sequencer().status(),
  ]);
  const use = planUse(numbers.days, { at: Date.now(), firehose, ...numbers });
  return { use, move: services.env.BLOBS === undefined ? null : move };
}

function lineOf({ today, month }: PlanUse, resource: Resource): PlanLine {
  const { label, measure, free, included, kept = false } = priceOf(resource);
  return {
    label,
    measure,
    kept,
    reckoned: RECKONED.has(resource),
    today: today[resource],
    month: month[resource],
    free,
    share: shareOfFree(resource, today[resource], month[resource]),
    included,
    dollars: dollarsFor(resource, month[resource]),
  };
}

/** Of resources that belong together, the one that is nearest to its limit. */
const GROUPS: readonly (readonly Resource[])[] = [
  ["requests"],
  ["cpu"],
  ["databaseRowsWritten", "objectRowsWritten", "databaseRowsRead", "objectRowsRead"],
  ["databaseBytes", "objectBytes", "fileBytes"],
];

const nearness = (line: PlanLine, of: Plan): number =>
  of === "paid" ? line.month / line.included : (line.share ?? line.month / line.included);

export function summaryOf(use: PlanUse, of: Plan): PlanSummary {
  const lines = GROUPS.flatMap((group) =>
    group
      .map((resource) => lineOf(use, resource))
      .toSorted((a, b) => nearness(b, of) - nearness(a, of))
      .slice(0, 1),
  );
  const shares = RESOURCES.map((resource) => lineOf(use, resource)).filter(({ share }) => share !== null);
  const tightest = shares.toSorted((a, b) => (b.share ?? 0) - (a.share ?? 0))[0] ?? null;
  return { plan: of, dollars: use.dollars, since: use.since, lines, tightest };
}

const WRONG_PLAN: Concern = {
  what: "More is used today than the free plan allows, and yet the host answers.",
  todo: "If it is on the paid plan, say so: then it takes up more at once, and never lets anything go.",
  path: "/admin/plan",
};

function concernOf(shortage: Shortage): Concern {
  const words = STEPS.slice(shortage.step > 0 ? 1 : 0, shortage.step + 1).map((step) => step.words);
  return {
    what: `${shortageInWords(shortage)} ${words.join(" ")} Cloudflare counts anew at midnight (UTC).`,
    todo: "See what is used, what is let go next, and what the paid plan would cost.",
    path: "/admin/plan",
  };
}

/** From this share of a limit on, its owner should know. */
const NEAR = 0.8;

/** On the free plan, whatever is nearly used up: at its end the host stands still until midnight. */
export function planConcerns(use: PlanUse, of: Plan, shortage: Bindings["SHORT"]): Concern[] {
  const { tightest } = summaryOf(use, of);
  if (of === "free" && isEvidentlyPaid(use.today)) return [WRONG_PLAN];
  if (shortage !== undefined) return [concernOf(shortage)];
  if (of === "paid" || tightest === null || (tightest.share ?? 0) < NEAR) return [];
  const { label, share, free } = tightest;
  const until = free?.per === "day" ? "until midnight UTC" : "until there is room again";
  return [
    {
      what: `The free plan’s limit is near: ${Math.round((share ?? 0) * 100)} % is used of ${label.toLowerCase()}. Beyond it, Cloudflare stops the host ${until}.`,
      todo: "See what is used, and what the paid plan would cost.",
      path: "/admin/plan",
    },
  ];
}
