import { afterEach, describe, expect, test, vi } from "vitest";
import { Lender, free } from "../../src/protocol/memory.ts";
import { refusalOf } from "../support/account.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const BUSY = { error: "NotEnoughResources", status: 503 };
const STALLED = { error: "RequestTimeout", status: 408 };

/** A clock that only the test moves, in milliseconds. */
function clock(): (by: number) => void {
  let now = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => now);
  return (by) => void (now += by);
}

describe("lending", () => {
  test("ends where the memory does", () => {
    const lender = new Lender(100);
    expect(lender.lend(60)?.bytes).toBe(60);
    expect(lender.lend(41)).toBeNull();
    expect(lender.lend(40)).not.toBeNull();
    expect(lender.lend(1)).toBeNull();
    expect(() => lender.lendOrRefuse(1)).toThrow("try again");
  });

  test("who wants more than there is gets all of it", () => {
    const lender = new Lender(100);
    expect(lender.lend(101)?.bytes).toBe(100);
    expect(lender.lend(1)).toBeNull();
  });

  test("what is given back is lent again, once", () => {
    const lender = new Lender(100);
    const loan = lender.lend(100);
    loan?.giveBack();
    loan?.giveBack();
    expect(lender.lend(100)).not.toBeNull();
    expect(lender.lend(1)).toBeNull();
  });

  test("a loan grows as far as there is memory, and is given back whole", () => {
    const lender = new Lender(100);
    const loan = lender.lendOrRefuse(10);
    expect(loan.grow(80)).toBe(true);
    expect(loan.grow(20)).toBe(false);
    expect(loan.bytes).toBe(90);
    loan.giveBack();
    expect(loan.grow(1)).toBe(false);
    expect(lender.lend(100)).not.toBeNull();
  });
});

describe("waiting", () => {
  test("lasts until there is enough", async () => {
    const lender = new Lender(100);
    const loan = lender.lendOrRefuse(100);
    const next = lender.borrow(50);
    expect(await Promise.race([next, scheduler.wait(150).then(() => "waits")])).toBe("waits");
    loan.giveBack();
    expect((await next).bytes).toBe(50);
  });

  test("ends with a refusal, when nobody gives back", async () => {
    const move = clock();
    const lender = new Lender(100);
    const busy = lender.lendOrRefuse(100);
    const refused = refusalOf(lender.borrow(1));
    for (let i = 0; i < 3; i++) {
      move(6_000);
      busy.touch();
      await scheduler.wait(150);
    }
    expect(await refused).toMatchObject(BUSY);
  });

  test("is for a hundred at most", async () => {
    const lender = new Lender(100);
    const loan = lender.lendOrRefuse(100);
    const waiting = Array.from({ length: 100 }, () => lender.borrow(1));
    expect(await refusalOf(lender.borrow(1))).toMatchObject(BUSY);
    loan.giveBack();
    expect(await Promise.all(waiting)).toHaveLength(100);
  });

  test("also for more of a loan, and ends when the loan does", async () => {
    const lender = new Lender(100);
    const [one, other] = [lender.lendOrRefuse(50), lender.lendOrRefuse(50)];
    const grown = one.growSoon(25);
    other.giveBack();
    await grown;
    expect(one.bytes).toBe(75);
    const more = refusalOf(one.growSoon(50));
    one.end();
    expect(await more).toMatchObject(STALLED);
  });
});

describe("a loan without progress", () => {
  test("lasts while nobody needs its memory, and is ended for who does", async () => {
    const move = clock();
    const lender = new Lender(100);
    const loan = lender.lendOrRefuse(60);
    const step = refusalOf(loan.during(new Promise(() => undefined)));
    move(60_000);
    const other = lender.lendOrRefuse(40);
    expect(await Promise.race([step, scheduler.wait(1).then(() => "goes on")])).toBe("goes on");
    expect(lender.lend(60)?.bytes).toBe(60);
    expect(await step).toMatchObject(STALLED);
    // Given back late, it is not lent twice.
    loan.giveBack();
    expect(lender.lend(1)).toBeNull();
    other.giveBack();
  });

  test("is ended before one that gets on, and no more are than must be", () => {
    const move = clock();
    const lender = new Lender(100);
    const [slow, first, second] = [30, 30, 40].map((bytes) => lender.lendOrRefuse(bytes));
    move(9_000);
    slow?.touch();
    move(9_000);
    expect(lender.lend(20)?.bytes).toBe(20);
    expect([slow, first, second].map((loan) => loan?.grow(0))).toEqual([true, false, true]);
  });
});

describe("a large buffer", () => {
  test("is freed at once, whatever part of it is given; a small one is left alone", () => {
    const large = new Uint8Array(100_000);
    free(large.subarray(10, 20));
    expect(large.byteLength).toBe(0);
    const small = new Uint8Array(1000);
    free(small);
    expect(small.byteLength).toBe(1000);
  });
});
