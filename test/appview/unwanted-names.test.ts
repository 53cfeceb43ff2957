/** Words that owners keep out of names, however they are written. */
import { describe, expect, test } from "vitest";
import { isUnwanted } from "../../src/appview/unwanted-names.ts";

describe("a word", () => {
  test.each([
    ["Cheap Watches", true],
    ["cheapwatches", true],
    ["WATCHES!", true],
    ["Wátchès", true],
    ["ｗａｔｃｈｅｓ", true],
    ["w.a.t.c.h.e.s", true],
    ["my w a t c h e s", true],
    ["w\u200da\u00adtches", true],
    ["casino77", true],
    ["Chris Pam", false],
    ["A bird watcher", false],
    ["watch es", false],
    ["", false],
    ["🦊", false],
  ])("is in %j: %s", (name, expected) => {
    expect(isUnwanted(["watches", "casino", "spam"], name)).toBe(expected);
  });

  test("is in no name where owners keep none out", () => {
    expect(isUnwanted([], "anything")).toBe(false);
  });
});
