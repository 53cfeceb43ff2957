import { afterEach, describe, expect, test, vi } from "vitest";
import { fetchPublic, publicUrl } from "../../src/identity/outbound.ts";
import { refusalOf, urlOf } from "../support/bindings.ts";

const allowed = (address: string, local = false) => {
  try {
    return publicUrl(address, local).href;
  } catch {
    return null;
  }
};

test.each([
  "https://example.com/x",
  "https://EXAMPLE.com./",
  "https://xn--bcher-kva.example.org/",
  "https://sub.domain.co.uk/.well-known/did.json?x=1",
  "https://test.com",
  "https://localhost.com",
])("%s may be asked", (address) => {
  expect(allowed(address)).not.toBeNull();
});

test.each([
  "not a url",
  "//example.com",
  "http://example.com",
  "ftp://example.com",
  "file:///etc/passwd",
  "data:text/plain,x",
  "https://user@example.com",
  "https://user:pass@example.com",
  "https://example.com:8443",
  "https://example.com:22",
  "https://localhost",
  "https://localhost.",
  "https://LOCALHOST",
  "https://x.localhost",
  "https://127.0.0.1",
  "https://127.1",
  "https://2130706433",
  "https://0x7f.0.0.1",
  "https://0177.0.0.1",
  "https://0",
  "https://0.0.0.0",
  "https://10.0.0.1",
  "https://172.16.0.1",
  "https://192.168.1.1",
  "https://169.254.169.254/latest/meta-data/",
  "https://100.64.0.1",
  "https://8.8.8.8",
  "https://127.0.0.1.",
  "https://[::1]",
  "https://[::]",
  "https://[::ffff:127.0.0.1]",
  "https://[::ffff:7f00:1]",
  "https://[fe80::1]",
  "https://[fd00::1]",
  "https://[2606:4700::1111]",
  "https://①②⑦.⓪.⓪.①",
  "https://intranet",
  "https://printer.local",
  "https://router.lan",
  "https://nas.home.arpa",
  "https://db.internal",
  "https://metadata.google.internal",
  "https://x.corp",
  "https://x.onion",
  "https://alice.test",
  "https://x.example",
  "https://x.invalid",
  "https://",
  "https://a..example.com",
])("%s may not be asked", (address) => {
  expect(allowed(address)).toBeNull();
});

test.each([
  "http://localhost:2583/x",
  "https://localhost",
  "http://127.0.0.1:9999",
  "http://127.1",
  "http://[::1]:80/",
  "http://pds.localhost:2583",
])("%s may be asked in a local run", (address) => {
  expect(allowed(address, true)).not.toBeNull();
  expect(allowed(address)).toBeNull();
});

test.each([
  "http://example.com",
  "http://10.0.0.1",
  "http://192.168.1.1:2583",
  "http://169.254.169.254",
  "https://alice.test",
  "ftp://localhost",
  "http://user@localhost",
  "http://[fd00::1]",
])("%s may not, in a local run either", (address) => {
  expect(allowed(address, true)).toBeNull();
});

describe("fetching", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const answering = (answer: (url: string, init?: RequestInit) => Response | Promise<Response>) =>
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => answer(urlOf(input), init));
  const redirect = (location: string, status = 302) => new Response(null, { status, headers: { location } });

  test("a redirect is followed only when it may be, to where may be asked", async () => {
    const asked = answering((url) =>
      url.endsWith("/start") ? redirect("/end") : new Response("here", { status: 200 }),
    );
    const start = "https://example.com/start";
    expect((await refusalOf(fetchPublic(start, { local: false }))).error).toBe("UpstreamFailure");
    expect(asked.mock.calls[0]?.[1]).toMatchObject({ redirect: "manual" });
    const { body } = await fetchPublic(start, { local: false, redirects: 1 });
    expect(new TextDecoder().decode(body)).toBe("here");
  });

  test.each([
    "http://example.com/",
    "https://169.254.169.254/",
    "http://localhost/",
    "https://localhost/",
    "//127.0.0.1/",
    "file:///etc/passwd",
  ])("a redirect to %s is not followed", async (location) => {
    const asked = answering(() => redirect(location));
    const { error } = await refusalOf(fetchPublic("https://example.com/", { local: false, redirects: 5 }));
    expect(error).toBe("InvalidRequest");
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("redirects in a circle end", async () => {
    const asked = answering(() => redirect("https://example.com/again", 301));
    const refusal = await refusalOf(fetchPublic("https://example.com/", { local: false, redirects: 3 }));
    expect(refusal.error).toBe("UpstreamFailure");
    expect(asked).toHaveBeenCalledTimes(4);
  });

  test("an answer beyond the limit is not read to its end", async () => {
    let pulled = 0;
    answering(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              pulled++;
              controller.enqueue(new Uint8Array(1_000));
            },
          }),
        ),
    );
    const refusal = await refusalOf(fetchPublic("https://example.com/", { local: false, maxBytes: 10_000 }));
    expect(refusal).toEqual({ error: "UpstreamFailure", message: "The answer is too long" });
    expect(pulled).toBeLessThan(20);
  });

  test("a host that does not answer is given up", async () => {
    answering(
      (_, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => {
            reject(new Error("aborted"));
          });
        }),
    );
    const refusal = await refusalOf(fetchPublic("https://example.com/", { local: false, timeoutMs: 30 }));
    expect(refusal).toEqual({
      error: "UpstreamFailure",
      message: "example.com did not answer in time",
    });
  });

  test("a host that cannot be reached is a failure upstream, an error status is an answer", async () => {
    const asked = answering(() => Promise.reject(new TypeError("internal error")));
    expect((await refusalOf(fetchPublic("https://example.com/", { local: false }))).error).toBe(
      "UpstreamFailure",
    );
    asked.mockImplementation(async () => new Response("no", { status: 503 }));
    expect((await fetchPublic("https://example.com/", { local: false })).status).toBe(503);
  });
});
