/** Names that this host's own methods do not have are refused; those of public lexicons are not. */
import { expect, test } from "vitest";
import { asAdmin, join, xrpc } from "../support/account-host.ts";

const own = (method: string) => `internal.atoll.admin.${method}`;

test.each([
  [own("listReports"), { status: "open" }, "status"],
  [own("listReports"), { status: "" }, "status"],
  [own("listReports"), { state: "open", reportedBy: "did:web:x.example.com" }, "reportedBy"],
  [own("listReports"), { "states[]": "open" }, "states"],
  [own("listLabels"), { uri: "at://x" }, "uri"],
  [own("listRoles"), { role: "owner" }, "role"],
  [own("listAudit"), { by: "admin" }, "by"],
  [own("listUnsentMail"), { handle: "alice.test" }, "handle"],
  [own("getRelayStatus"), { host: "x" }, "host"],
])("%s with %j names the parameter that it does not have", async (nsid, params, name) => {
  const { status, body } = await asAdmin(nsid, { params });
  expect([status, body.error]).toEqual([400, "InvalidRequest"]);
  expect(body.message).toContain(`${nsid} has no parameter "${name}". It has `);
});

test("a refusal says what there is", async () => {
  const { body } = await asAdmin(own("listReports"), { params: { status: "open" } });
  expect(body.message).toBe(
    'internal.atoll.admin.listReports has no parameter "status". It has limit, cursor, state, subject',
  );
  const none = await asAdmin(own("listRoles"), { params: { role: "owner" } });
  expect(none.body.message).toMatch(/It has none$/);
});

test("known parameters, in each way that clients write them, are taken", async () => {
  for (const params of [{}, { state: "open" }, { limit: "3", state: "" }, { "state[0]": "open" }]) {
    expect((await asAdmin(own("listReports"), { params })).status, JSON.stringify(params)).toBe(200);
  }
});

test("an unknown field of an input is refused, at any depth, and nothing changes", async () => {
  const { did } = await join();
  const grant = await asAdmin(own("grantRole"), { input: { did, role: "moderator", until: "2027" } });
  expect(grant.body.message).toBe(`${own("grantRole")} has no field "until" there. It has did, role`);
  const { body } = await asAdmin(own("listRoles"));
  expect(JSON.stringify(body)).not.toContain(did);
  const label = { uri: did, val: "spam", reason: "x" };
  const issued = await asAdmin(own("createLabels"), {
    input: { labels: [{ uri: did, val: "spam" }, label] },
  });
  expect(issued.body.message).toBe(
    `${own("createLabels")} has no field "reason" there. It has uri, cid, val, neg, exp`,
  );
  const { body: labels } = await asAdmin(own("listLabels"));
  expect(JSON.stringify(labels)).not.toContain(did);
});

test("a public method may be asked with names that its lexicon will have", async () => {
  const { handle } = await join();
  const params = { handle, later: "x" };
  expect((await xrpc("com.atproto.identity.resolveHandle", { params })).status).toBe(200);
  const input = { useCount: 1, later: "x" };
  expect((await asAdmin("com.atproto.server.createInviteCode", { input })).status).toBe(200);
});
