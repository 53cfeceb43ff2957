/** The host's numbers as pictures and as tables. */
import { type CountedDay, type DayNumbers, readDays } from "../../../lifecycle/numbers/days.ts";
import { MODERATORS } from "../../../xrpc/server/role-policies.ts";
import { type Series, NumbersPage, SPANS, type Span } from "../../pages/admin/home/numbers.tsx";
import { type DeskPage, shown } from "../desk.tsx";

/** Days that are read, and how far apart those are that are shown. */
const READ: Record<Span, { days: number; step: number }> = {
  day: { days: 31, step: 1 },
  week: { days: 26 * 7, step: 7 },
  month: { days: 24 * 30, step: 30 },
};

/** What is shown: how many there are, or how many more than a step before. */
const SHOWN: readonly { title: string; of: keyof DayNumbers; grows?: true; unit?: "bytes" }[] = [
  { title: "Members", of: "members" },
  { title: "Members who wrote within 30 days", of: "active" },
  { title: "New posts", of: "posts", grows: true },
  { title: "Writes of all kinds", of: "written", grows: true },
  { title: "Follows", of: "follows" },
  { title: "Events that waited for the index", of: "lag" },
  { title: "Other services that listened", of: "readers" },
  { title: "Bytes of the directory", of: "directoryBytes", unit: "bytes" },
  { title: "Bytes of the index", of: "indexBytes", unit: "bytes" },
];

export const numbers: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const wanted = visit.url.searchParams.get("by");
    const span = SPANS.find(([name]) => name === wanted)?.[0] ?? "day";
    const days = await readDays(visit.services.env.DIRECTORY, READ[span].days + 1);
    return shown(visit, said, (frame) => (
      <NumbersPage {...frame} span={span} series={seriesOf(days, READ[span].step)} />
    ));
  },
  steps: {},
};

/** Oldest first. A day on which nothing was counted is left out. */
export function seriesOf(days: readonly CountedDay[], step: number): Series[] {
  const seen = days.filter((_, i) => i % step === 0).toReversed();
  return SHOWN.flatMap(({ title, of, grows, unit }) => {
    const values = seen.flatMap(({ day, numbers: { [of]: value } }) =>
      value === undefined ? [] : [{ day, value }],
    );
    const points = grows
      ? values
          .slice(1)
          .map(({ day, value }, i) => ({ day, value: Math.max(0, value - (values[i]?.value ?? value)) }))
      : values;
    return points.length === 0 ? [] : [{ title, points, ...(unit === undefined ? {} : { unit }) }];
  });
}
