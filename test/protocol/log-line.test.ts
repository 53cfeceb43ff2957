import { afterEach, expect, test, vi } from "vitest";
import { logLine, messageOf } from "../../src/protocol/log-line.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ["info", "log"],
  ["warn", "warn"],
  ["error", "error"],
] as const)("an entry of level %s is one line of JSON at console.%s", (level, writer) => {
  const written = vi.spyOn(console, writer).mockImplementation(() => {});
  logLine(level, "account.alarm", { did: "did:plc:a", text: "two\nlines" });
  expect(written).toHaveBeenCalledTimes(1);
  const line: string = written.mock.calls[0]?.[0];
  expect(line).not.toContain("\n");
  const entry = JSON.parse(line);
  expect(Object.keys(entry)).toEqual(["time", "level", "at", "did", "text"]);
  expect(entry).toMatchObject({ level, at: "account.alarm", did: "did:plc:a", text: "two\nlines" });
  expect(new Date(entry.time).toISOString()).toBe(entry.time);
});

test("an error among the fields is written with its stack", () => {
  const written = vi.spyOn(console, "error").mockImplementation(() => {});
  const cause = new Error("disk full");
  logLine("error", "edge", { cause });
  expect(JSON.parse(written.mock.calls[0]?.[0]).cause).toBe(cause.stack);
});

test("what was thrown says something, whatever it is", () => {
  expect(messageOf(new Error("disk full"))).toBe("disk full");
  expect(messageOf("disk full")).toBe("disk full");
  expect(messageOf(null)).toBe("null");
});
