/** The colours of the pages. */
import { expect, test } from "vitest";
import { contrast, parseColour, shoreline, themeOf } from "../../src/web/pages/theme.ts";

test.each([
  "#0e7c86",
  "#ffd43b",
  "#9be564",
  "#d6336c",
  "#ffff00",
  "#ffffff",
  "#000000",
  "#ff69b4",
  "#7f7f7f",
  "no colour",
])("a community of colour %s can be read by day and by night", (colour) => {
  const { brand, on, lit, deep, end, ink, night } = themeOf(colour);
  const at = (text: string) => parseColour(text) ?? [0, 0, 0];
  for (const ground of [brand, lit, end]) expect(contrast(at(on), at(ground))).toBeGreaterThanOrEqual(4.5);
  expect(contrast(at(deep), [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
  expect(contrast(at(lit), [20, 24, 31])).toBeGreaterThanOrEqual(2);
  expect(contrast(at(ink), [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
  expect(contrast(at(night), [20, 24, 31])).toBeGreaterThanOrEqual(4.5);
});

test("a bright colour stays what it is, under ink", () => {
  expect(themeOf("#ffd43b")).toMatchObject({ brand: "#ffd43b", lit: "#ffd43b", on: "#0e1218" });
  expect(themeOf("#0e7c86")).toMatchObject({ brand: "#0e7c86", on: "#ffffff" });
});

test("a community's atoll is its own, and always the same", () => {
  expect(shoreline("Lagoon", 30, 0.2)).toBe(shoreline("Lagoon", 30, 0.2));
  expect(shoreline("Lagoon", 30, 0.2)).not.toBe(shoreline("Harbour", 30, 0.2));
});
