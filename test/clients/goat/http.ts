/**
 * One HTTP/1.1 request as Go's net/http writes it for goat, header by header: names in Go's case and order,
 * and nothing that a Node client would add. Go knows the length of a body only if the body is of one of three
 * types. goat's XRPC client hides those behind a wrapper, so its bodies are sent chunked, without a
 * Content-Length.
 */
import http from "node:http";
import { gunzipSync } from "node:zlib";

export interface GoRequest {
  method: "GET" | "POST";
  url: URL;
  /** In Go's canonical case: `Content-Type`. */
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  /** The body's length is known, and sent. */
  sized?: boolean;
  /** The Host header, if it is not the host that is connected to. */
  host?: string;
}

export interface GoResponse {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** The chunk size of io.Copy. */
const PIECE = 32 * 1024;

const DEFAULT_AGENT = "Go-http-client/1.1";

export function send(request: GoRequest): Promise<GoResponse> {
  const { url, method, body } = request;
  return new Promise((resolve, reject) => {
    const sent = http.request(
      {
        host: url.hostname,
        port: url.port,
        path: `${url.pathname}${url.search}`,
        method,
        headers: written(request),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const { statusCode = 0, headers } = response;
          // goat would follow a redirect and decode its answer; no call here is redirected.
          if (statusCode >= 300 && statusCode < 400) reject(new Error(`${url.pathname}: redirected`));
          const whole = Buffer.concat(chunks);
          const plain = headers["content-encoding"] === "gzip" ? gunzipSync(whole) : whole;
          resolve({ status: statusCode, headers, body: plain });
        });
      },
    );
    sent.on("error", reject);
    for (let at = 0; body !== undefined && at < body.byteLength; at += PIECE) {
      sent.write(body.subarray(at, at + PIECE));
    }
    sent.end();
  });
}

/** Host, User-Agent and body length; then the caller's headers, sorted; last those of the transport. */
function written({ method, url, headers = {}, body, sized, host }: GoRequest): string[] {
  const { "User-Agent": agent = DEFAULT_AGENT, ...others } = headers;
  const lines = ["Host", host ?? url.host, "User-Agent", agent];
  if (body !== undefined && !sized) lines.push("Transfer-Encoding", "chunked");
  else if (method === "POST") lines.push("Content-Length", String(body?.byteLength ?? 0));
  for (const name of Object.keys(others).toSorted()) lines.push(name, others[name] ?? "");
  return [...lines, "Accept-Encoding", "gzip"];
}

/**
 * url.Values.Encode: sorted by name, spaces as `+`, and more characters escaped than by `encodeURIComponent`.
 */
export function encodeQuery(params: Readonly<Record<string, string | number | boolean>>): string {
  return Object.keys(params)
    .toSorted()
    .map((name) => `${queryEscape(name)}=${queryEscape(String(params[name]))}`)
    .join("&");
}

const queryEscape = (text: string) =>
  encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
