/** A bucket that speaks S3 over HTTP, and takes only what is signed with its key (Signature Version 4). */
import { createHash, createHmac } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";

const ID = "AKIDRILL";
const SECRET = "drill/secret+key";

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
const hmac = (key: Uint8Array | string, text: string) => createHmac("sha256", key).update(text).digest();

export class S3StandIn {
  readonly files = new Map<string, Buffer>();
  /** Requests by method. */
  readonly asked: Record<string, number> = {};
  /** Whether it answers at all. */
  isUp = true;
  readonly key = `${ID}:${SECRET}`;
  readonly #server: http.Server;

  private constructor() {
    this.#server = http.createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<S3StandIn> {
    const store = new S3StandIn();
    store.#server.listen(0, "127.0.0.1");
    await new Promise((resolve) => store.#server.once("listening", resolve));
    return store;
  }

  /** With a folder, and a region that its host name does not tell. */
  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://localhost:${port}/bucket/atoll?region=harbour-1`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
    const method = request.method ?? "";
    this.asked[method] = (this.asked[method] ?? 0) + 1;
    const end = (status: number, text: Buffer | string = "") => {
      response.writeHead(status, { "content-length": Buffer.byteLength(text) });
      response.end(method === "HEAD" ? "" : text);
    };
    if (!this.isUp) return end(503, "<Error><Code>SlowDown</Code></Error>");
    const fault = faultOf(request, url, body);
    if (fault !== null)
      return end(403, `<Error><Code>SignatureDoesNotMatch</Code><Message>${fault}</Message></Error>`);
    const key = decodeURIComponent(url.pathname).replace(/^\/bucket\/?/, "");
    if (method === "PUT") {
      this.files.set(key, body);
      return end(200);
    }
    if (method === "DELETE") {
      this.files.delete(key);
      return end(204);
    }
    if (key === "") return end(200, this.#list(url.searchParams));
    const found = this.files.get(key);
    return found === undefined ? end(404, "<Error><Code>NoSuchKey</Code></Error>") : end(200, found);
  }

  #list(params: URLSearchParams): string {
    const [prefix, after] = [params.get("prefix") ?? "", params.get("start-after") ?? ""];
    const most = Number(params.get("max-keys"));
    const keys = [...this.files.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted();
    const entries = keys
      .slice(0, most)
      .map((key) => `<Contents><Key>${key}</Key><Size>${this.files.get(key)?.byteLength}</Size></Contents>`);
    return `<ListBucketResult><IsTruncated>${keys.length > most}</IsTruncated>${entries.join("")}</ListBucketResult>`;
  }
}

/** Why a request's signature does not hold; null if it does. */
function faultOf({ headers, method }: http.IncomingMessage, url: URL, body: Buffer): string | null {
  const parsed =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      headers.authorization ?? "",
    );
  if (parsed === null) return "no signature";
  const [, id = "", scope = "", signed = "", signature = ""] = parsed;
  const [day = "", region = "", service = ""] = scope.split("/");
  if (id !== ID || region !== "harbour-1" || service !== "s3") return "another key, region or service";
  const digest = String(headers["x-amz-content-sha256"]);
  if (digest !== "UNSIGNED-PAYLOAD" && digest !== sha256(body)) return "another body";
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).toSorted();
  const path = url.pathname
    .split("/")
    .map((part) => encode(decodeURIComponent(part)))
    .join("/");
  const canonical = [
    method,
    path,
    query.join("&"),
    ...signed.split(";").map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    signed,
    digest,
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = hmac(hmac(hmac(hmac(`AWS4${SECRET}`, day), region), service), "aws4_request");
  return hmac(key, text).toString("hex") === signature ? null : "another signature";
}

const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
