/** Reads the loading of a page from Chromium's own trace. */

interface TraceEvent {
  name: string;
  /** Microseconds. */
  ts: number;
  args: { data?: { navigationId?: string; score?: number; had_recent_input?: boolean } };
}

export interface Loading {
  /** Milliseconds from the navigation to the first content, and to the largest. */
  first: number;
  largest: number;
  /** Sum of layout shifts that nobody asked for. */
  shift: number;
}

/** Of the last navigation that has shown content. Throws if none has. */
export function loadingIn(trace: Buffer): Loading {
  const { traceEvents } = JSON.parse(trace.toString("utf8")) as { traceEvents: TraceEvent[] };
  const named = (name: string) =>
    traceEvents.filter((event) => event.name === name).toSorted((a, b) => a.ts - b.ts);
  const first = named("firstContentfulPaint").at(-1);
  const id = first?.args.data?.navigationId;
  const isOfIt = ({ args: { data } }: TraceEvent) => data?.navigationId === id;
  const begun = named("navigationStart").find(isOfIt)?.ts;
  const largest = named("largestContentfulPaint::Candidate").findLast(isOfIt)?.ts;
  if (first === undefined || begun === undefined || largest === undefined) {
    throw new Error("the trace shows no content");
  }
  const shifts = named("LayoutShift")
    .filter(({ ts }) => ts >= begun)
    .map(({ args: { data } }) => (data?.had_recent_input === true ? 0 : (data?.score ?? 0)));
  return {
    first: (first.ts - begun) / 1000,
    largest: (largest - begun) / 1000,
    shift: shifts.reduce((sum, each) => sum + each, 0),
  };
}
