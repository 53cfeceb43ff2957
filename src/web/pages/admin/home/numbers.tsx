/** The page of numbers: lines drawn by the server, and the same as tables. */
import type { FC } from "hono/jsx";
import { bytesInWords } from "../../words.ts";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";

export type Span = "day" | "week" | "month" | "year";

export const SPANS: readonly [Span, string][] = [
  ["day", "By day"],
  ["week", "By week"],
  ["month", "By month"],
  ["year", "By year"],
];

export interface Series {
  title: string;
  /** Oldest first; at least one. */
  points: { day: string; value: number }[];
  unit?: "bytes" | undefined;
}

export const NumbersPage: FC<DeskFrame & { span: Span; series: Series[] }> = ({ span, series, ...frame }) => (
  <DeskPage {...frame} title="Numbers" lead="Counted once a day, and kept for ever.">
    <nav class="filters" aria-label="How far apart">
      {SPANS.map(([name, label]) => (
        <a href={frame.to(frame.here, { by: name })} aria-current={name === span ? "page" : undefined}>
          {label}
        </a>
      ))}
    </nav>
    {series.length === 0 ? <p class="lead">Nothing is counted yet. Look again tomorrow.</p> : null}
    <div class="plots">
      {series.map((one) => (
        <Plot {...one} />
      ))}
    </div>
  </DeskPage>
);

const WIDTH = 320;
const HEIGHT = 96;

const worded = (value: number, unit?: "bytes"): string =>
  unit === "bytes" ? bytesInWords(value) : value.toLocaleString("en");

/** The line through the points, in the picture's own units; it begins at zero. */
export function lineThrough(points: Series["points"]): string {
  const most = Math.max(1, ...points.map(({ value }) => value));
  const step = points.length > 1 ? WIDTH / (points.length - 1) : 0;
  return points
    .map(({ value }, i) => `${(i * step).toFixed(1)},${(HEIGHT - (value / most) * HEIGHT).toFixed(1)}`)
    .join(" ");
}

/** The line without its table, for where there is a way to the table. */
export const Sketch: FC<Series> = ({ title, points, unit }) => {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return null;
  const line = lineThrough(points);
  return (
    <>
      <figcaption>
        {title}
        <b>{worded(last.value, unit)}</b>
      </figcaption>
      <svg
        viewBox={`0 -4 ${WIDTH} ${HEIGHT + 8}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${worded(first.value, unit)} on ${first.day}, ${worded(last.value, unit)} on ${last.day}`}
      >
        <polygon points={`0,${HEIGHT} ${line} ${points.length > 1 ? WIDTH : 0},${HEIGHT}`} />
        <polyline points={line} />
      </svg>
    </>
  );
};

const Plot: FC<Series> = ({ title, points, unit }) => (
  <figure class="card">
    <Sketch title={title} points={points} unit={unit} />
    <details>
      <summary>
        As a table<span class="visually-hidden">: {title}</span>
      </summary>
      <table class="record">
        <tbody>
          {points.toReversed().map(({ day, value }) => (
            <tr>
              <th scope="row">{day}</th>
              <td>{worded(value, unit)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  </figure>
);
