import { expect, test } from "vitest";
import { bytesOf, checkRepo, newMember, post, sequencer } from "../support/account.ts";

test("a record is written, read back, exported and announced", async () => {
  const { did, account, key } = await newMember();
  const written = await account.createRecord({ collection: "app.bsky.feed.post", record: post("hello") });
  expect(written.validationStatus).toBe("valid");
  expect(written.uri).toMatch(new RegExp(`^at://${did}/app.bsky.feed.post/[2-7a-z]{13}$`));
  const rkey = written.uri.split("/").at(-1) ?? "";
  const read = await account.getRecord("app.bsky.feed.post", rkey);
  expect(read).toEqual({ uri: written.uri, cid: written.cid, value: post("hello") });

  const car = await bytesOf(await account.getRepo("public"));
  const checked = await checkRepo(car, did, key);
  expect([...checked.records]).toEqual([[`app.bsky.feed.post/${rkey}`, post("hello")]]);
  const proof = await account.getRecordProof("public", "app.bsky.feed.post", rkey);
  expect((await checkRepo(proof, did, key)).records.size).toBe(1);

  const sequenced = await sequencer().repo(did);
  expect(sequenced).toMatchObject({
    position: 5,
    rev: written.commit?.rev,
    head: written.commit?.cid,
    status: "active",
  });
});
