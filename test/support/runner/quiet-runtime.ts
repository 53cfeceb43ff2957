/**
 * Keeps the runtime's own reports out of a green run. Tests provoke some thousand refusals, and workerd reports
 * each that crosses from an object as an uncaught exception, though the Worker catches it and renders it. A
 * failed run names the file that has them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Reporter } from "vitest/node";

const FILE = ".atoll/test-runtime.log";

/** How a report of workerd begins: each is written in one piece. */
const REPORT =
  /^(uncaught exception;|console warning;|exception = |e = |[\w/.+-]+\.c\+\+:\d+: |[\w/.+-]+\.rs:\d+: )/;

type Stream = Pick<NodeJS.WriteStream, "write">;

export function quietRuntime(): Reporter {
  const reports: string[] = [];
  for (const stream of [process.stdout, process.stderr]) divert(stream, reports);
  return {
    onTestRunEnd(_modules, errors, reason) {
      if ((reason === "passed" && errors.length === 0) || reports.length === 0) return;
      mkdirSync(path.dirname(FILE), { recursive: true });
      writeFileSync(FILE, reports.join(""));
      console.error(`\n${reports.length} reports of the runtime are in ${FILE}`);
    },
  };
}

/** Takes the runtime's reports out of what is written to `stream`. */
function divert(stream: Stream, reports: string[]): void {
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array, ...rest: never[]) => {
    if (typeof chunk !== "string" || !REPORT.test(chunk)) return write(chunk, ...rest);
    reports.push(chunk);
    return true;
  };
}
