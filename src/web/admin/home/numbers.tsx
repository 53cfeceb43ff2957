/** The host's numbers as pictures and as tables. */
import { type CountedDay, type DayNumbers, dayOf, readDaysOf } from "../../../lifecycle/numbers/days.ts";
import { MODERATORS } from "../../../xrpc/server/role-policies.ts";
import { type Series, NumbersPage, SPANS, type Span } from "../../pages/admin/home/numbers.tsx";
import { type DeskPage, shown } from "../desk.tsx";

const DAY_MS = 24 * 60 * 60 * 1000;

/** How many points are shown, and how many days apart. */
const POINTS: Record<Span, { points: number; days: number }> = {
  day: { points: 32, days: 1 },
  week: { points: 27, days: 7 },
  month: { points: 25, days: 30 },
  year: { points: 21, days: 365 },
};

type Counted = Exclude<keyof DayNumbers, "at">;

/** The charts: how many there are, or how many more than a step before. */
const SHOWN: readonly { title: string; of: Counted; grows?: true; unit?: "bytes" }[] = [
  { title: "Members", of: "members" },
  { title: "Members who wrote within 30 days", of: "active" },
  { title: "New posts", of: "posts", grows: true },
  { title: "New likes", of: "likes", grows: true },
  { title: "Writes of all kinds", of: "written", grows: true },
  { title: "Requests", of: "requests", grows: true },
  { title: "Follows", of: "follows" },
  { title: "Events that waited for the index", of: "lag" },
  { title: "Other services that listened", of: "readers" },
  { title: "Bytes of all repos", of: "repoBytes", unit: "bytes" },
  { title: "Bytes of pictures and videos", of: "fileBytes", unit: "bytes" },
  { title: "Bytes of the index", of: "indexBytes", unit: "bytes" },
  { title: "Bytes of the directory", of: "directoryBytes", unit: "bytes" },
  { title: "Bytes of the event stream", of: "streamBytes", unit: "bytes" },
];

/** Those on the first page. */
const FIRST: readonly Counted[] = ["members", "active", "posts", "likes"];

export const numbers: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const wanted = visit.url.searchParams.get("by");
    const span = SPANS.find(([name]) => name === wanted)?.[0] ?? "day";
    const days = await readDaysOf(visit.services.env.DIRECTORY, spansUpTo(Date.now(), span));
    return shown(visit, said, (frame) => <NumbersPage {...frame} span={span} series={seriesOf(days)} />);
  },
  steps: {},
};

/** The spans up to today, the newest first: the first and the last day of each. */
export function spansUpTo(now: number, span: Span): [from: string, to: string][] {
  const { points, days } = POINTS[span];
  return Array.from({ length: points }, (_, i) => {
    const last = now - i * days * DAY_MS;
    return [dayOf(last - (days - 1) * DAY_MS), dayOf(last)];
  });
}

/** @param days the oldest first. One on which something was not counted is left out of it */
export function seriesOf(days: readonly CountedDay[], first = false): Series[] {
  return SHOWN.filter(({ of }) => !first || FIRST.includes(of)).flatMap(({ title, of, grows, unit }) => {
    const values = days.flatMap(({ day, numbers: { [of]: value } }) =>
      value === undefined ? [] : [{ day, value }],
    );
    const points = grows
      ? values
          .slice(1)
          .map(({ day, value }, i) => ({ day, value: Math.max(0, value - (values[i]?.value ?? value)) }))
      : values;
    return points.length === 0 ? [] : [{ title, points, unit }];
  });
}
