/** The use of Cloudflare's plans, and its cost. */
import type { FC } from "hono/jsx";
import type { FileMove } from "../../../../lifecycle/files/move.ts";
import type { PlanUse } from "../../../../lifecycle/numbers/month.ts";
import { AS_OF, FREE_CPU_MS, type Measure, PAID_DOLLARS, SOURCES } from "../../../../protocol/plan/prices.ts";
import { STEPS } from "../../../../protocol/plan/shortage.ts";
import { Form, Submit } from "../../form.tsx";
import { Select } from "../../labelled.tsx";
import { day } from "../../parts.tsx";
import { bytesInWords } from "../../words.ts";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";

export interface PlanLine {
  label: string;
  measure: Measure;
  /** Whether it is what there is, not what is used up. */
  kept: boolean;
  /** Whether it is reckoned from what is counted. */
  reckoned: boolean;
  today: number;
  /** As it will be at the month's end. */
  month: number;
  /** The free plan's limit; null if it has none of a day. */
  free: { per: "day" | "month" | "kept"; most: number } | null;
  /** Of that limit, 1 being all. */
  share: number | null;
  /** The paid plan's included amount. */
  included: number;
  /** The cost beyond that, in dollars. */
  dollars: number;
}

export interface PlanSummary {
  plan: "free" | "paid";
  /** The month's cost on the paid plan. */
  dollars: number;
  /** The first day of the month that was counted; null: none yet. */
  since: string | null;
  lines: PlanLine[];
  /** The line that is nearest to the free plan's limit. */
  tightest: PlanLine | null;
}

const UNITS = [
  [1e9, "billion"],
  [1e6, "million"],
] as const;

function worded(value: number, measure: Measure): string {
  if (measure === "bytes") return bytesInWords(value);
  const [size, word] = UNITS.find(([least]) => value >= least) ?? [1, ""];
  const figure =
    size === 1 ? Math.round(value).toLocaleString("en") : `${Number((value / size).toFixed(1))} ${word}`;
  if (measure === "ms")
    return value < 1000 ? `${figure} ms` : `${Math.round(value / 1000).toLocaleString("en")} s`;
  return measure === "GB-s" ? `${figure} GB-s` : figure;
}

const percent = (share: number): string => {
  const value = share * 100;
  return value > 0 && value < 1 ? "less than 1 %" : `${Math.round(value)} %`;
};

const dollars = (value: number): string => `$${value.toFixed(2)}`;

const PER = { day: " a day", month: " a month", kept: "" } as const;

/** One sentence: what this month costs, and how near the free plan's limits are. */
export const PlanSentence: FC<{ summary: PlanSummary }> = ({
  summary: { plan, dollars: cost, tightest },
}) => {
  const share = tightest?.share ?? 0;
  const near = `At most ${percent(share)} of the free plan’s limits is used today`;
  const nearest = tightest === null || share === 0 ? "" : ` (${tightest.label.toLowerCase()})`;
  return (
    <p class="lead">
      {plan === "paid"
        ? `At this pace, this month costs about ${dollars(cost)}. `
        : `${near}${nearest}. The paid plan would cost about ${dollars(cost)} this month. `}
    </p>
  );
};

/** Each resource beside both plans. */
export const PlanLines: FC<{ lines: readonly PlanLine[]; plan: "free" | "paid" }> = ({ lines, plan }) => (
  <ul class="uses">
    {lines.map((line) => (
      <li>
        <b>
          {line.label} {line.reckoned ? <span class="tag">estimate</span> : null}
        </b>
        <span class="now">{nowOf(line)}</span>
        <Bar share={plan === "paid" ? line.month / line.included : line.share} />
        <span class="at">{freeOf(line)}</span>
        <span class="at">{paidOf(line)}</span>
      </li>
    ))}
  </ul>
);

const nowOf = ({ today, month, free, kept, measure }: PlanLine): string => {
  if (kept) return worded(today, measure);
  return free?.per === "month" ? `${worded(month, measure)} this month` : `${worded(today, measure)} today`;
};

function freeOf({ free, share, measure }: PlanLine): string {
  if (free === null) return `Free plan: ${FREE_CPU_MS} ms a request, no limit a day`;
  return `Free plan: ${percent(share ?? 0)} of ${worded(free.most, measure)}${PER[free.per]}`;
}

function paidOf({ month, included, kept, measure, dollars: cost }: PlanLine): string {
  const beyond = cost > 0 ? `, ${dollars(cost)} beyond` : "";
  const of = `${percent(month / included)} of ${worded(included, measure)}`;
  return kept
    ? `Paid plan: ${of}${beyond}`
    : `Paid plan: ${worded(month, measure)} this month, ${of}${beyond}`;
}

/** How much of a limit is used. Nothing for readers of screens, which have the figures. */
const Bar: FC<{ share: number | null }> = ({ share }) => (
  <svg class={share !== null && share >= 0.8 ? "bar bad" : "bar"} aria-hidden="true">
    <rect width="100%" height="100%" class="all" />
    <rect width={`${(Math.min(1, share ?? 0) * 100).toFixed(1)}%`} height="100%" />
  </svg>
);

const KINDS: Record<keyof PlanUse["kept"]["byKind"], string> = {
  repos: "Repos",
  files: "Pictures and videos",
  index: "The index",
  directory: "The directory",
  stream: "The event stream",
  archives: "Archives of deleted members",
};

interface PlanProps extends DeskFrame {
  summary: PlanSummary;
  kinds: PlanUse["kept"]["byKind"];
  /** The reached step of `STEPS`; null: none. */
  step: number | null;
  files: FilesSummary;
}

/** Where pictures and videos are kept. */
export interface FilesSummary {
  hasBucket: boolean;
  /** Bytes that are in members' objects. */
  heldBytes: number;
  /** Null: never begun. */
  move: FileMove | null;
}

export const PlanPage: FC<PlanProps> = ({ summary, kinds, step, files, ...frame }) => (
  <DeskPage {...frame} title="Plan and cost">
    <PlanSentence summary={summary} />
    {summary.since === null ? <p class="lead">Nothing is counted yet: look again in some minutes.</p> : null}
    <section>
      <h2>What is used</h2>
      <PlanLines lines={summary.lines} plan={summary.plan} />
    </section>
    <section>
      <h2>What is kept</h2>
      <dl class="facts framed">
        {Object.entries(KINDS).map(([kind, label]) => (
          <div>
            <dt>{label}</dt>
            <dd>{bytesInWords(kinds[kind as keyof typeof KINDS])}</dd>
          </div>
        ))}
      </dl>
    </section>
    {!files.hasBucket || files.heldBytes > 0 || files.move !== null ? (
      <Files {...frame} files={files} />
    ) : null}
    {summary.plan === "free" ? <Steps reached={step} /> : null}
    {frame.role === "owner" ? <PlanForm {...frame} plan={summary.plan} /> : null}
    <section>
      <h2>Where the figures come from</h2>
      <p class="lead">
        Requests, and the rows that they read and write in the databases, are measured at one request in a
        hundred. Changes are counted by the event stream, and bytes once a day. A Worker does not see how long
        it computes, nor what Cloudflare bills for repos and the stream: those are estimates, of changes and
        requests times what one of them took in this project’s benchmarks. The bill is Cloudflare’s: its
        dashboard has the exact figures. The month goes on as the last seven days did. It has the paid plan’s{" "}
        {dollars(PAID_DOLLARS)} in it, and no tax.
      </p>
      <p class="lead">
        Prices and limits as of {day(AS_OF)}:{" "}
        {SOURCES.map((source, i) => (
          <>
            {i === 0 ? "" : ", "}
            <a href={source}>{new URL(source).pathname.split("/")[1]}</a>
          </>
        ))}
        .
      </p>
    </section>
  </DeskPage>
);

const PLANS = [
  ["free", "Free"],
  ["paid", `Paid, ${dollars(PAID_DOLLARS)} a month and more`],
] as const;

const Files: FC<DeskFrame & { files: FilesSummary }> = ({ files, role, sender }) => (
  <section id="files">
    <h2>Where pictures and videos are</h2>
    <p class="lead">{whereFilesAre(files)}</p>
    {role === "owner" && files.hasBucket && files.move?.endedAt !== null ? (
      <Form {...sender} step="files">
        <Submit weight="second">{files.move === null ? "Move them to R2" : "Look once more"}</Submit>
      </Form>
    ) : null}
  </section>
);

function whereFilesAre({ hasBucket, heldBytes, move }: FilesSummary): string {
  const held = `${bytesInWords(heldBytes)} of them are in members’ own objects, as of the last count`;
  if (!hasBucket)
    return `The host has no R2 bucket: ${held}. The free plan has five gigabytes for those and the repos together. With R2 (npm run deploy -- --with-r2) there are ten more, and they can move there.`;
  if (move === null)
    return `There is an R2 bucket by now, and ${held}. They can move to R2, where there is more room. Meanwhile everything can be seen.`;
  const done = `${move.files} files (${bytesInWords(move.bytes)}) were moved to R2`;
  const failed = move.error === null ? "" : ` Not all could be: ${move.error}`;
  return move.endedAt === null ? `${done} so far; it goes on each minute.${failed}` : `${done}.${failed}`;
}

/** The steps of letting go near a limit of a day, in their order. */
const Steps: FC<{ reached: number | null }> = ({ reached }) => (
  <section>
    <h2>When a day runs short</h2>
    <p class="lead">
      Cloudflare stops what has used up its limit of a day. So that this does not come by surprise, the host
      lets go step by step, until midnight (UTC). To the end, members sign in and write, and their repos,
      pictures and new events can be read.
    </p>
    <dl class="facts framed">
      {STEPS.map(({ from, words }, step) => (
        <div>
          <dt>
            From {Math.round(from * 100)} % {reached === step ? <span class="tag">now</span> : null}
          </dt>
          <dd>{words}</dd>
        </div>
      ))}
    </dl>
  </section>
);

const PlanForm: FC<DeskFrame & { plan: "free" | "paid" }> = ({ plan, sender }) => (
  <section>
    <h2>Which plan it is</h2>
    <p class="lead">The host cannot see it. It takes up less at once on the free plan.</p>
    <Form {...sender} step="plan">
      <Select name="plan" label="Cloudflare’s plan" options={PLANS} chosen={plan} />
      <Submit weight="second">Save</Submit>
    </Form>
  </section>
);
