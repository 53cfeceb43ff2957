import { expect, test } from "vitest";
import { allowance, Bucket, Debt, DEFAULT_SOCKETS } from "../../../src/sequencer/fan-out/pace.ts";

test("a bucket starts full, refills at its rate, and holds no more than its burst", () => {
  const bucket = new Bucket(1000, 500, 0);
  expect(bucket.level(0)).toBe(500);
  bucket.take(700);
  expect(bucket.level(100)).toBe(-100);
  expect(bucket.level(300)).toBe(100);
  expect(bucket.level(60_000)).toBe(500);
});

test("a clock that steps back neither fills nor empties", () => {
  const bucket = new Bucket(1000, 500, 1000);
  bucket.take(500);
  expect(bucket.level(0)).toBe(0);
  const debt = new Debt(10, 1000);
  debt.add(100, 1000);
  expect(debt.at(0)).toBe(100);
});

test("a debt is what was sent, less a slow assumed drain", () => {
  const debt = new Debt(10, 0);
  expect(debt.add(100, 0)).toBe(100);
  expect(debt.at(5000)).toBe(50);
  expect(debt.add(100, 5000)).toBe(150);
  expect(debt.at(60_000)).toBe(0);
  expect(debt.add(1, 60_000)).toBe(1);
});

test("ten consumers that never read hold no more than the pool; a lone one may owe all of it", () => {
  const { debtPool } = DEFAULT_SOCKETS;
  expect(allowance(DEFAULT_SOCKETS, 0, 0)).toBe(debtPool);
  expect(allowance(DEFAULT_SOCKETS, 1, 0)).toBe(debtPool);
  for (let indebted = 1; indebted <= 10; indebted++) {
    expect(indebted * allowance(DEFAULT_SOCKETS, indebted, 0)).toBeLessThanOrEqual(debtPool);
  }
  expect(allowance(DEFAULT_SOCKETS, 60, 0)).toBe(DEFAULT_SOCKETS.debtFloor);
  expect(allowance(DEFAULT_SOCKETS, 1, debtPool)).toBe(DEFAULT_SOCKETS.debtFloor);
});
