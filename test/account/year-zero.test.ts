import { expect, test } from "vitest";
import { validateRecord } from "../../src/account/records/validate.ts";

const post = (createdAt: string) => ({
  $type: "app.bsky.feed.post",
  text: "0000-01-01T00:00:00Z",
  createdAt,
});

test("a record of year 0 is valid, as the lexicon spec has it; one of before is not", () => {
  const rkey = "3jzfcijpj2z2a";
  const valid = (createdAt: string) => validateRecord("app.bsky.feed.post", rkey, post(createdAt), undefined);
  for (const at of ["0000-01-01T00:00:00.000Z", "0000-02-29T12:00:00Z", "0001-01-01T00:00:00Z"]) {
    expect(valid(at), at).toBe("valid");
  }
  for (const at of ["0000-01-01T00:00:00+01:00", "0000-02-30T25:00:00Z", "-0001-01-01T00:00:00Z"]) {
    expect(() => valid(at), at).toThrow("createdAt");
  }
});
