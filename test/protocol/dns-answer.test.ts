/** Answers of DNS over HTTPS, whatever a resolver sends. */
import { expect, test } from "vitest";
import { didsInTxt } from "../../src/protocol/dns-answer.ts";

const answer = (...data: unknown[]) => ({
  Status: 0,
  Answer: data.map((each) => ({ type: 16, data: each })),
});

test("every record that names a DID is told, in order", () => {
  expect(didsInTxt(answer('"did=did:plc:b"', '"v=spf1 -all"', '"did=did:plc:a"'))).toEqual([
    "did:plc:b",
    "did:plc:a",
  ]);
});

test("a long text that comes in pieces is one text", () => {
  expect(didsInTxt(answer('"did=did:web:" "a.example.com"'))).toEqual(["did:web:a.example.com"]);
});

test.each([
  [null],
  ["text"],
  [[]],
  [{}],
  [{ Status: 3 }],
  [{ Answer: "none" }],
  [{ Answer: [null, 7, [], {}, { data: 7 }, { data: null }] }],
  [answer('"DID=did:plc:a"', '" did=did:plc:a"')],
])("an answer that names none is no error: %j", (given) => {
  expect(didsInTxt(given)).toEqual([]);
});
