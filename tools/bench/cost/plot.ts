/** A plot of what a month costs, as SVG: members and dollars in logarithmic steps, a line for each activity. */
import { ACTIVITIES, communityDay } from "./activity.ts";
import { type Basis, billOf } from "./bill.ts";
import { SIZES } from "./report.ts";

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { left: 64, right: 96, top: 16, bottom: 48 };
const COLOURS = ["#0b7285", "#c2410c", "#6d28d9"];
const DOLLARS = [5, 10, 25, 50, 100, 250, 500, 1000];

const place = (value: number, [low, high]: readonly [number, number], from: number, to: number): number =>
  from + ((Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (to - from);

export function plotOf(basis: Basis): string {
  const sizes = [SIZES[0], SIZES.at(-1) ?? SIZES[0]] as const;
  const x = (members: number) => place(members, sizes, MARGIN.left, WIDTH - MARGIN.right);
  const lines = Object.entries(ACTIVITIES).map(([name, activity], i) => ({
    name,
    colour: COLOURS[i % COLOURS.length] ?? "",
    points: SIZES.map((members) => ({
      members,
      dollars: billOf(basis, communityDay(members, activity)).dollars,
    })),
  }));
  const most = Math.max(...lines.flatMap(({ points }) => points.map(({ dollars }) => dollars)));
  const range = [DOLLARS[0] ?? 1, Math.max(most, 10)] as const;
  const y = (dollars: number) => place(dollars, range, HEIGHT - MARGIN.bottom, MARGIN.top);
  const text = (atX: number, atY: number, words: string, anchor = "middle") =>
    `<text x="${atX.toFixed(0)}" y="${atY.toFixed(0)}" text-anchor="${anchor}">${words}</text>`;
  const grid = DOLLARS.filter((dollars) => dollars <= range[1]).flatMap((dollars) => [
    `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(dollars).toFixed(1)}" y2="${y(dollars).toFixed(1)}" stroke="#8888" stroke-width="0.5"/>`,
    text(MARGIN.left - 8, y(dollars) + 4, `$${dollars}`, "end"),
  ]);
  const names = SIZES.map((members) =>
    text(x(members), HEIGHT - MARGIN.bottom + 18, members.toLocaleString("en")),
  );
  const drawn = lines.flatMap(({ name, colour, points }) => {
    const path = points
      .map(({ members, dollars }) => `${x(members).toFixed(1)},${y(dollars).toFixed(1)}`)
      .join(" ");
    const last = points.at(-1) ?? { members: sizes[1], dollars: range[1] };
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path}"/>`,
      `<g fill="${colour}">${text(x(last.members) + 8, y(last.dollars) + 4, name, "start")}</g>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#555" role="img">`,
    "<title>What a month costs on the paid plan, by members and activity</title>",
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...grid,
    ...names,
    text((WIDTH - MARGIN.right + MARGIN.left) / 2, HEIGHT - 8, "members"),
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}
