/** What others look up about the host and its members: documents, handles, and where pages are. */
import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { serve } from "../../src/edge/app.ts";
import { type Member, asAdmin, bindings, fetchHost, join, post } from "../support/account-host.ts";

interface Document {
  "@context": string[];
  id: string;
  alsoKnownAs?: string[];
  verificationMethod: { id: string; type: string; controller: string; publicKeyMultibase: string }[];
  service: { id: string; type: string; serviceEndpoint: string }[];
}

/** Asks a host that has these settings. */
const ask = async (url: string, given: object = {}, headers: Record<string, string> = {}) =>
  serve(
    new Request(url, { headers: { host: new URL(url).host, ...headers } }),
    { ...bindings, ...given },
    createExecutionContext(),
  );

describe("the host's document", () => {
  const read = async (url: string, given: object = {}): Promise<Document> =>
    (await ask(`${url}/.well-known/did.json`, given)).json();

  test("names its key, and each service that it has", async () => {
    const url = "https://pds.example.com";
    const document = await read(url, { PUBLIC_URL: url });
    const id = "did:web:pds.example.com";
    expect(document.id).toBe(id);
    expect(document.alsoKnownAs).toEqual(["at://pds.example.com"]);
    expect(document.verificationMethod).toEqual([
      {
        id: `${id}#atproto_label`,
        type: "Multikey",
        controller: id,
        publicKeyMultibase: expect.stringMatching(/^z[1-9A-HJ-NP-Za-km-z]{40,}$/),
      },
    ]);
    expect(document.service).toEqual([
      { id: "#atproto_pds", type: "AtprotoPersonalDataServer", serviceEndpoint: url },
      { id: "#bsky_appview", type: "BskyAppView", serviceEndpoint: url },
      { id: "#bsky_notif", type: "BskyNotificationService", serviceEndpoint: url },
      { id: "#bsky_fg", type: "BskyFeedGenerator", serviceEndpoint: url },
      { id: "#atproto_labeler", type: "AtprotoLabeler", serviceEndpoint: url },
    ]);
  });

  test("names no AppView while another's is used", async () => {
    const { service } = await read("https://pds.example.com", {
      APPVIEW: "did:web:api.example.com#bsky_appview",
    });
    expect(service.map(({ id }) => id)).toEqual(["#atproto_pds", "#atproto_labeler"]);
  });

  test("has the port in its name, and no handle where there can be none", async () => {
    const document = await read("http://localhost:4711");
    expect(document.id).toBe("did:web:localhost%3A4711");
    expect(document.alsoKnownAs).toBeUndefined();
    expect(document.service[0]?.serviceEndpoint).toBe("http://localhost:4711");
  });

  test("signs labels with one key, whichever name it is asked by", async () => {
    const given = { PUBLIC_URL: "https://new.example.com", FORMER_URLS: "https://old.example.com" };
    const [now, before, elsewhere] = await Promise.all(
      ["new", "old", "other"].map((name) => read(`https://${name}.example.com`, given)),
    );
    expect(now?.id).toBe("did:web:new.example.com");
    expect(before?.id).toBe("did:web:old.example.com");
    // A name that was never the host's gets the document of its present one.
    expect(elsewhere?.id).toBe("did:web:new.example.com");
    const keyOf = (document?: Document) => document?.verificationMethod[0]?.publicKeyMultibase;
    expect(new Set([now, before, elsewhere].map(keyOf)).size).toBe(1);
    expect(before?.verificationMethod[0]?.controller).toBe("did:web:old.example.com");
    expect(new Set(before?.service.map(({ serviceEndpoint }) => serviceEndpoint))).toEqual(
      new Set(["https://new.example.com"]),
    );
  });
});

describe("a handle's DID", () => {
  const HOST = { PUBLIC_URL: "https://pds.example.com", HANDLE_DOMAINS: ".test,.pds.example.com" };
  let member: Member;
  beforeAll(async () => {
    member = await join();
  });
  async function didOf(name: string, given: object = HOST): Promise<string | null> {
    const answer = await ask(`https://${name}/.well-known/atproto-did`, given);
    if (answer.status !== 200) {
      expect([answer.status, await answer.json()]).toEqual([
        404,
        { error: "NotFound", message: "User not found" },
      ]);
      return null;
    }
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    return answer.text();
  }

  test("is told at the handle's own name, with a port and in capitals too", async () => {
    expect(await didOf(member.handle)).toBe(member.did);
    const asked = (host: string) =>
      ask(`https://${member.handle}/.well-known/atproto-did`, HOST, { host }).then((answer) => answer.text());
    expect(await asked(`${member.handle}:8443`)).toBe(member.did);
    expect(await asked(member.handle.toUpperCase())).toBe(member.did);
  });

  test("of the host's own name is the host's, which labels by it", async () => {
    expect(await didOf("pds.example.com")).toBe("did:web:pds.example.com");
  });

  test("of the host's own name is the member's who has it, after a move of the host as well", async () => {
    const owner = await join();
    const handle = "pds.example.com";
    const rename = (to: string) =>
      bindings.DIRECTORY.prepare("UPDATE account SET handle = ?2 WHERE did = ?1").bind(owner.did, to).run();
    await rename(handle);
    expect(await didOf(handle)).toBe(owner.did);
    const moved = { ...HOST, PUBLIC_URL: "https://pds.lagoon.dev", FORMER_URLS: "https://pds.example.com" };
    expect(await didOf(handle, moved)).toBe(owner.did);
    await rename(owner.handle);
    expect(await didOf(handle, moved)).toBeNull();
  });

  test.each(["nobody.test", "nobody.pds.example.com", "elsewhere.example.com", "test", "xtest"])(
    "%s has none",
    async (name) => {
      expect(await didOf(name)).toBeNull();
    },
  );

  test("a member of a domain that the host has given up has none here", async () => {
    expect(await didOf(member.handle, { ...HOST, HANDLE_DOMAINS: ".pds.example.com" })).toBeNull();
  });

  test("stays while its member is away, and goes with a takedown or a deletion", async () => {
    const away = await join();
    await post("com.atproto.server.deactivateAccount", { auth: away.auth, input: {} });
    expect(await didOf(away.handle)).toBe(away.did);

    const subject = { $type: "com.atproto.admin.defs#repoRef", did: away.did };
    const takedown = (applied: boolean) =>
      asAdmin("com.atproto.admin.updateSubjectStatus", { input: { subject, takedown: { applied } } });
    await takedown(true);
    expect(await didOf(away.handle)).toBeNull();
    await takedown(false);
    expect(await didOf(away.handle)).toBe(away.did);

    await asAdmin("com.atproto.admin.deleteAccount", { input: { did: away.did } });
    expect(await didOf(away.handle)).toBeNull();
  });
});

describe("a way to a page", () => {
  test.each([
    ["/.well-known/change-password", 302, "/account/password"],
    ["/join/pds-example-com-abcde", 303, "/account/sign-up?invite=pds-example-com-abcde"],
    ["/join/a%26b%3Dc%23d", 303, "/account/sign-up?invite=a%26b%3Dc%23d"],
    ["/join/%3Cscript%3E", 303, "/account/sign-up?invite=%3Cscript%3E"],
  ])("%s", async (path, status, location) => {
    const answer = await fetchHost(path, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([status, location]);
  });

  test("robots may see what is public, and neither searches nor accounts", async () => {
    const answer = await fetchHost("/robots.txt");
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const rules = (await answer.text()).split("\n").filter((line) => /^\w[\w-]*:/.test(line));
    expect(rules).toEqual([
      "User-agent: *",
      "Allow: /",
      "Disallow: /search",
      "Disallow: /account/",
      "Disallow: /oauth/",
    ]);
  });
});

describe("pages are at the host's own name", () => {
  const HOST = { PUBLIC_URL: "https://pds.example.com", HANDLE_DOMAINS: ".test,.pds.example.com" };
  const browse = async (url: string, { method = "GET", accept = "text/html" } = {}) => {
    const request = new Request(url, { method, headers: { accept, host: new URL(url).host } });
    const { status, headers } = await serve(request, { ...bindings, ...HOST }, createExecutionContext());
    return [status, headers.get("location")];
  };

  test.each([
    ["/account", "/account"],
    ["/account/apps?x=1&y=2", "/account/apps?x=1&y=2"],
    ["/admin/members", "/admin/members"],
    ["/oauth/authorize?client_id=a&request_uri=b", "/oauth/authorize?client_id=a&request_uri=b"],
    ["/search?q=a%20b", "/search?q=a%20b"],
    ["/profile/alice.test", "/profile/alice.test"],
    ["/notifications", "/notifications"],
  ])("%s at a member's name leads there, with all that was asked", async (path, to) => {
    expect(await browse(`https://alice.test${path}`)).toEqual([303, `https://pds.example.com${to}`]);
  });

  test("a member's name itself leads to their profile", async () => {
    expect(await browse("https://alice.test/")).toEqual([303, "https://pds.example.com/profile/alice.test"]);
    const deeper = await browse("https://bob.pds.example.com/");
    expect(deeper).toEqual([303, "https://pds.example.com/profile/bob.pds.example.com"]);
  });

  test("programs, forms, and the host's own name are led nowhere", async () => {
    expect(await browse("https://alice.test/", { accept: "*/*" })).toEqual([200, null]);
    expect(await browse("https://pds.example.com/")).toEqual([200, null]);
    // Who posts a form to another name is no page of this host's.
    const [status, location] = await browse("https://alice.test/account/sign-in", { method: "POST" });
    expect([status, location]).toEqual([403, null]);
  });
});
