/** Formats a figure with about three digits; `–` if there is none. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

/** A Markdown table with aligned columns, also readable in a terminal. The first line is its head. */
export function printTable(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const print = (line: readonly string[]) =>
    `| ${line.map((text, i) => text.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [head = [], ...rest] = lines;
  return [
    print(head),
    `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`,
    ...rest.map(print),
  ].join("\n");
}
