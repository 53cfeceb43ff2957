/** Members who are deleted with an archive, and come back from it. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Archives, sweepArchives } from "../../../src/lifecycle/archives/archives.ts";
import { readCar } from "../../../src/protocol/car.ts";
import { deleteAndKeep } from "../../../src/xrpc/admin/archives.ts";
import { bindings, fetchHost, join, type Member, xrpc } from "../../support/account-host.ts";
import { refusalOf } from "../../support/bindings.ts";
import { services as settling, sweepAll } from "../../lifecycle/agreement.ts";
import { type Holder, holderOf } from "./desk.ts";

const DAY = 24 * 60 * 60 * 1000;
const PICTURE = new Uint8Array([
  0x89,
  0x50,
  0x4e,
  0x47,
  0x0d,
  0x0a,
  0x1a,
  0x0a,
  ...new Uint8Array(3_000).fill(7),
]);

let owner: Holder;
beforeEach(async () => {
  for (const name of ["warn", "error"] as const) vi.spyOn(console, name).mockImplementation(() => {});
  owner = await holderOf("owner");
  await owner.visitor.get("/account");
  await bindings.DIRECTORY.prepare("DELETE FROM archive").run();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const keysOf = async (prefix: string) =>
  (await bindings.BLOBS.list({ prefix })).objects.map(({ key }) => key.replace(/\d{10,}/, "T"));
const kept = async () => (await new Archives(bindings.DIRECTORY).list(10)).archives;
const nameOf = async () => {
  const [{ did, madeAt } = { did: "", madeAt: 0 }] = await kept();
  return `${did}:${madeAt}`;
};

const write = async (member: Member, record: Record<string, unknown>) => {
  const { body } = await xrpc("com.atproto.repo.createRecord", {
    auth: member.auth,
    input: {
      repo: member.did,
      collection: "app.bsky.feed.post",
      record: { $type: "app.bsky.feed.post", createdAt: "2026-11-30T12:00:00.000Z", ...record },
    },
  });
  return String(body.uri);
};

/** A member with two posts, of which one has a picture. */
async function writer(): Promise<{ member: Member; uri: string; cid: string }> {
  const member = await join();
  const upload = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
    method: "POST",
    headers: { authorization: member.auth, "content-type": "image/png" },
    body: PICTURE,
  });
  const { blob } = await upload.json<{ blob: { ref: { $link: string } } }>();
  await write(member, {
    text: "A picture",
    embed: { $type: "app.bsky.embed.images", images: [{ alt: "", image: blob }] },
  });
  const uri = await write(member, { text: "Words that last" });
  return { member, uri, cid: blob.ref.$link };
}

async function remove({ did, handle }: Member, days = "30"): Promise<void> {
  await owner.visitor.get(`/admin/members/${did}`);
  const gone = await owner.visitor.post(`/admin/members/${did}`, { step: "delete", confirm: handle, days });
  expect(gone.location, gone.text).toBe(days === "0" ? "/admin/members" : "/admin/archives");
  await sweepAll();
  await expect.poll(() => keysOf(`kept/${did}/`)).toHaveLength(days === "0" ? 0 : 2);
}

const recordAt = (uri: string) => {
  const [repo = "", collection = "", rkey = ""] = uri.slice("at://".length).split("/");
  return xrpc("com.atproto.repo.getRecord", { params: { repo, collection, rkey } });
};
const pictureOf = async (did: string, cid: string) =>
  (await fetchHost(`/xrpc/com.atproto.sync.getBlob?did=${did}&cid=${cid}`)).status;

const restore = async (handle: string) => {
  await owner.visitor.get("/admin/archives");
  return owner.visitor.post("/admin/archives", { step: "restore", archive: await nameOf(), handle });
};

const services = () => ({ ...settling, env: bindings }) as unknown as Parameters<typeof deleteAndKeep>[0];
const caller = () =>
  ({ kind: "role", actor: owner.member.did, role: "owner" }) as unknown as Parameters<
    typeof deleteAndKeep
  >[1];

describe("a member who is deleted with an archive", () => {
  test("is gone from the host, and stands in the list with what is kept, until when, by whom", async () => {
    const { member, uri, cid } = await writer();
    await remove(member, "7");
    expect((await recordAt(uri)).status).toBe(400);
    expect(await pictureOf(member.did, cid)).toBe(400);
    expect((await join(member.handle.replace(".test", ""))).handle).toBe(member.handle);
    const [archive] = await kept();
    expect(archive).toMatchObject({
      did: member.did,
      handle: member.handle,
      actor: owner.member.did,
      files: 1,
      fileBytes: PICTURE.length,
    });
    expect(Date.parse(archive?.until ?? "") - (archive?.madeAt ?? 0)).toBe(7 * DAY);
    expect(await keysOf(`kept/${member.did}/`)).toEqual([
      `kept/${member.did}/T.car`,
      `kept/${member.did}/files.json`,
    ]);
    expect(await keysOf(`${member.did}/`)).toHaveLength(1);
    const page = await owner.visitor.get("/admin/archives");
    expect(page.text).toContain(`@${member.handle}`);
    expect(page.text).toContain("one file, 3 kB");
    const log = await owner.visitor.get(`/admin/log?subject=${encodeURIComponent(member.did)}`);
    expect(log.text).toContain(`Archive account by @${owner.member.handle}`);
    expect(log.text).toContain(`Delete account by @${owner.member.handle}`);
  });

  test("leaves records that owners can take along, as other hosts import them", async () => {
    const { member } = await writer();
    const before = await fetchHost(`/xrpc/com.atproto.sync.getRepo?did=${member.did}`);
    const repo = new Uint8Array(await before.arrayBuffer());
    await remove(member);
    const cookie = await owner.visitor.get(`/admin/archives/${await nameOf()}`);
    expect(cookie.headers.get("content-type")).toBe("application/vnd.ipld.car");
    expect(cookie.headers.get("content-disposition")).toBe(`attachment; filename="${member.handle}.car"`);
    expect(Number(cookie.headers.get("content-length"))).toBe(repo.length);
    const [stored] = (await bindings.BLOBS.list({ prefix: `kept/${member.did}/` })).objects;
    const bytes = new Uint8Array((await (await bindings.BLOBS.get(stored?.key ?? ""))?.arrayBuffer()) ?? []);
    expect(readCar(bytes).roots).toEqual(readCar(repo).roots);
    expect((await owner.visitor.get("/admin/archives/did:plc:nobody:1")).status).toBe(404);
    expect((await owner.visitor.get("/admin/archives/nonsense")).status).toBe(404);
  });

  test("comes back with posts and pictures, under a new key that the identity names", async () => {
    const { member, uri, cid } = await writer();
    await remove(member);
    const back = await restore(member.handle);
    expect(back.text).toContain(`@${member.handle} is back. Make them a reset link`);
    expect((await recordAt(uri)).body.value).toMatchObject({ text: "Words that last" });
    await expect.poll(() => pictureOf(member.did, cid)).toBe(200);
    const status = await xrpc("com.atproto.sync.getRepoStatus", { params: { did: member.did } });
    expect(status.body).toMatchObject({ active: true });
    const document = await settling.dids.find(member.did, { fresh: true });
    expect(JSON.stringify(document)).toContain(
      (await bindings.ACCOUNT.getByName(member.did).signingKey()).replace("did:key:", ""),
    );
    expect(await kept()).toEqual([]);
    expect(await keysOf(`kept/${member.did}/`)).toEqual([]);
    await owner.visitor.get(`/admin/members/${member.did}`);
    const link = await owner.visitor.post(`/admin/members/${member.did}`, { step: "reset-link" });
    expect(link.text).toContain("/account/reset?code=");
  });

  test("comes back under another handle if somebody has theirs", async () => {
    const { member, uri } = await writer();
    await remove(member);
    await join(member.handle.replace(".test", ""));
    const taken = await restore(member.handle);
    expect(taken.status).toBe(400);
    expect(taken.text).toContain("This handle is taken");
    expect(await kept()).toHaveLength(1);
    const other = await restore(`again-${member.handle.split(".")[0]}`);
    expect(other.text).toContain("is back. Make them");
    expect((await recordAt(uri)).status).toBe(200);
  });

  test("whose identity moved on comes back switched off, and the identity stays where it is", async () => {
    const { member } = await writer();
    await remove(member);
    const state = await settling.plc.state(member.did);
    const here = state.services.atproto_pds?.endpoint ?? "";
    await settling.plc.moveEndpoint(member.did, [here], "https://elsewhere.example.com");
    const back = await restore(member.handle);
    expect(back.text).toContain("is back, but switched off");
    const after = await settling.plc.state(member.did);
    expect(after.services.atproto_pds?.endpoint).toBe("https://elsewhere.example.com");
    const status = await xrpc("com.atproto.sync.getRepoStatus", { params: { did: member.did } });
    expect(status.body).toMatchObject({ active: false });
  });

  test("comes back at a second try, if the first one died in the middle", async () => {
    const { member, uri, cid } = await writer();
    await remove(member);
    vi.spyOn(bindings.BLOBS, "get").mockRejectedValueOnce(new Error("R2 is away"));
    expect((await restore(member.handle)).text).not.toContain("is back");
    vi.restoreAllMocks();
    expect((await restore(member.handle)).text).toContain("is back. Make them");
    expect((await recordAt(uri)).status).toBe(200);
    await expect.poll(() => pictureOf(member.did, cid)).toBe(200);
  });
});

describe("nothing is deleted", () => {
  test("if what was stored is not what was read", async () => {
    const { member, uri } = await writer();
    const real = bindings.BLOBS.get.bind(bindings.BLOBS);
    vi.spyOn(bindings.BLOBS, "get").mockImplementation((async (key: string) => {
      const object = await real(key);
      return key.startsWith("kept/") && object !== null
        ? { body: new Blob(["something else"]).stream() }
        : object;
    }) as never);
    await owner.visitor.get(`/admin/members/${member.did}`);
    const answer = await owner.visitor.post(`/admin/members/${member.did}`, {
      step: "delete",
      confirm: member.handle,
      days: "30",
    });
    expect(answer.text).toContain("Nothing was deleted");
    expect((await recordAt(uri)).status).toBe(200);
    expect(await kept()).toEqual([]);
    expect(await keysOf(`kept/${member.did}/`)).toEqual([]);
  });

  test("if the member goes on writing while the archive is made", async () => {
    const { member, uri } = await writer();
    const real = bindings.BLOBS.put.bind(bindings.BLOBS);
    const put = vi.spyOn(bindings.BLOBS, "put").mockImplementation((async (key: string, ...rest: [never]) => {
      await write(member, { text: "One more" });
      return real(key, ...rest);
    }) as never);
    await owner.visitor.get(`/admin/members/${member.did}`);
    const answer = await owner.visitor.post(`/admin/members/${member.did}`, {
      step: "delete",
      confirm: member.handle,
      days: "30",
    });
    expect(answer.text).toContain("The member is writing all the time");
    expect(put).toHaveBeenCalledTimes(3);
    expect((await recordAt(uri)).status).toBe(200);
    expect(await kept()).toEqual([]);
    expect(await keysOf(`kept/${member.did}/`)).toEqual([]);
  });

  test.each(["-1", "1.5", "366", "x"])("for %s days", async (days) => {
    const { did, handle } = await join();
    await owner.visitor.get(`/admin/members/${did}`);
    const answer = await owner.visitor.post(`/admin/members/${did}`, {
      step: "delete",
      confirm: handle,
      days,
    });
    expect(answer.status).toBe(400);
    expect(
      await bindings.DIRECTORY.prepare("SELECT state FROM account WHERE did = ?1").bind(did).first("state"),
    ).toBe("active");
  });
});

describe("when its days are over, an archive", () => {
  const sweepAfter = async (days: number) => {
    await bindings.DIRECTORY.prepare("DELETE FROM host_task WHERE name = 'sweep archives'").run();
    await sweepArchives(bindings, () => Date.now() + days * DAY);
  };

  test("goes, with the files beside it; not before", async () => {
    const { member } = await writer();
    await remove(member, "7");
    await sweepAfter(6.9);
    expect(await kept()).toHaveLength(1);
    expect(await keysOf(`${member.did}/`)).toHaveLength(1);
    await sweepAfter(7.1);
    expect(await kept()).toEqual([]);
    expect(await keysOf(`kept/${member.did}/`)).toEqual([]);
    expect(await keysOf(`${member.did}/`)).toEqual([]);
  });

  test("leaves an account alone that was never deleted, since its Worker died", async () => {
    const { member, uri, cid } = await writer();
    const { directory } = settling;
    const died = {
      ...services(),
      directory: {
        findByDid: directory.findByDid.bind(directory),
        changes: { markDeleted: () => Promise.reject(new Error("died")) },
      },
    } as never;
    await expect(deleteAndKeep(died, caller(), member.did, 7)).rejects.toThrow("died");
    expect(await kept()).toHaveLength(1);
    expect((await restore(member.handle)).text).toContain("This account is here");
    await sweepAfter(8);
    expect(await kept()).toEqual([]);
    expect((await recordAt(uri)).status).toBe(200);
    expect(await pictureOf(member.did, cid)).toBe(200);
  });

  test("that nobody listed goes after a day", async () => {
    await bindings.BLOBS.put("kept/did:plc:stray/1790000000000.car", "half");
    await sweepAfter(0.9);
    expect(await keysOf("kept/did:plc:stray/")).toHaveLength(1);
    await sweepAfter(1.1);
    expect(await keysOf("kept/did:plc:stray/")).toEqual([]);
  });

  test("whose files cannot be deleted just now is ended the next time, and holds up no other", async () => {
    const [first, second] = [await writer(), await writer()];
    await remove(first.member, "7");
    await remove(second.member, "7");
    const real = bindings.BLOBS.delete.bind(bindings.BLOBS);
    const isFirst = (keys: string | string[]) => [keys].flat().some((key) => key.includes(first.member.did));
    vi.spyOn(bindings.BLOBS, "delete").mockImplementation((async (keys: string | string[]) => {
      if (isFirst(keys)) throw new Error("R2 is away");
      return real(keys);
    }) as never);
    await sweepAfter(8);
    expect((await kept()).map(({ did }) => did)).toEqual([first.member.did]);
    vi.restoreAllMocks();
    await sweepAfter(8);
    expect(await kept()).toEqual([]);
    expect(await keysOf(`${first.member.did}/`)).toEqual([]);
  });
});

test("without an archive, nothing is kept", async () => {
  const { member } = await writer();
  await remove(member, "0");
  expect(await kept()).toEqual([]);
  await expect.poll(() => keysOf(`${member.did}/`)).toEqual([]);
});

test("there is none of somebody who is not here", async () => {
  const { error } = await refusalOf(deleteAndKeep(services(), caller(), "did:plc:nobody", 7));
  expect(error).toBe("InvalidRequest");
});
