import { expect, test } from "vitest";
import { getGraphemeLength, isGraphemeLengthInRange } from "../../src/protocol/graphemes.ts";

const FAMILY = "👨‍👩‍👧‍👦";

test.each([
  ["", 0],
  ["plain words", 11],
  ["é, in one code unit", 19],
  ["e\u0301", 1],
  ["\r\n", 1],
  ["\n\r", 2],
  [FAMILY, 1],
  ["🇩🇪🇫🇷", 2],
  ["각", 1],
])("%j has %i graphemes", (text, length) => {
  expect(getGraphemeLength(text)).toBe(length);
});

test("a range holds its ends, and no text has more graphemes than code units", () => {
  expect(isGraphemeLengthInRange(FAMILY.repeat(64), 0, 64)).toBe(true);
  expect(isGraphemeLengthInRange(FAMILY.repeat(65), 0, 64)).toBe(false);
  expect(isGraphemeLengthInRange("a".repeat(65), 0, 64)).toBe(false);
  expect(isGraphemeLengthInRange(FAMILY, 2, 64)).toBe(false);
  expect(isGraphemeLengthInRange("ab", 2, 64)).toBe(true);
  expect(isGraphemeLengthInRange("a", 2, 64)).toBe(false);
});
