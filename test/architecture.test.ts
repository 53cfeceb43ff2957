/// <reference types="vite/client" />
import { expect, test } from "vitest";

/** The one rule: a file imports only from its own folder, or from folders further down this list. */
const ORDER = [
  ["worker"],
  ["edge"],
  ["xrpc"],
  ["lifecycle"],
  ["account", "sequencer", "identity", "oauth", "appview"],
  ["schema"],
  ["protocol"],
];
const rankOf = (station: string) => ORDER.findIndex((rank) => rank.includes(station));

const sources = import.meta.glob(["../src/**/*.{ts,tsx}", "../schema/**/*.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
}) as Record<string, string>;

/** `../src/edge/app.ts` → `edge`; `../src/worker.ts` → `worker`; `../schema/appview.ts` → `schema`. */
function stationOf(file: string): string {
  const parts = file.replace("../src/", "").replace("../", "").split("/");
  return parts.length === 1 ? (parts[0] ?? "").replace(/\.tsx?$/, "") : (parts[0] ?? "");
}

function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map((match) => new URL(match[1] ?? "", `file:///x/${file.slice(3)}`).pathname);
}

test("there are sources to look at", () => {
  expect(Object.keys(sources).length).toBeGreaterThan(20);
});

test.each(Object.entries(sources))("%s imports only downwards", (file, text) => {
  const from = stationOf(file);
  expect(rankOf(from), `unknown folder ${from}`).toBeGreaterThanOrEqual(0);
  for (const target of importsOf(file, text)) {
    if (target.includes("/migrations/")) continue;
    const to = stationOf(`../${target.replace("/x/", "")}`);
    const downwards = to === from || rankOf(to) > rankOf(from);
    expect(downwards, `${file} imports ${target}: ${from} may not know ${to}`).toBe(true);
  }
});
