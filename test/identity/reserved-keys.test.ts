import { expect, test } from "vitest";
import { Directory } from "../../src/identity/directory.ts";
import { didKey } from "../../src/protocol/keys.ts";
import { bindings, newDid } from "../support/bindings.ts";

const { reservedKeys } = new Directory(bindings);

test("a DID is promised one key, however often and at once it asks", async () => {
  const did = newDid();
  const promised = await Promise.all(Array.from({ length: 5 }, () => reservedKeys.reserve(did)));
  expect(new Set(promised).size).toBe(1);
  const key = await reservedKeys.find(did);
  expect(key && didKey(key)).toBe(promised[0]);
  expect(await reservedKeys.reserve(newDid())).not.toBe(promised[0]);
});

test("a key for a DID not yet known is found by its own name, until its account has it", async () => {
  const [one, two] = [await reservedKeys.reserve(), await reservedKeys.reserve()];
  expect(one).not.toBe(two);
  const key = await reservedKeys.find(one);
  expect(key && didKey(key)).toBe(one);
  await reservedKeys.drop(one);
  expect(await reservedKeys.find(one)).toBeNull();
  expect(await reservedKeys.find(newDid())).toBeNull();
});
