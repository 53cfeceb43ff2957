/** Another service on this machine, over real HTTP: its DID document, and any answers that a test sets. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Heard {
  nsid: string;
  method: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: string;
  /** The token's claims; null without a token. */
  claims: { iss?: string; aud?: string; lxm?: string } | null;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** Bytes and text are sent unchanged, everything else as JSON. */
  body?: unknown;
}

type Answering = (heard: Heard) => Answer | ((response: ServerResponse) => void);

export interface StandIn {
  did: string;
  origin: string;
  /** The requests received, oldest first. */
  heard: Heard[];
  on(nsid: string, answer: Answering): void;
  /** Forgets the requests and the answers. */
  reset(): void;
  stop(): Promise<void>;
}

export async function startStandIn(services: string[]): Promise<StandIn> {
  const heard: Heard[] = [];
  const answers = new Map<string, Answering>();
  let did = "";
  let origin = "";
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", origin);
    if (url.pathname === "/.well-known/did.json") {
      const service = services.map((id) => ({ id, type: "Service", serviceEndpoint: origin }));
      send(response, { body: { id: did, service } });
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const nsid = url.pathname.replace("/xrpc/", "");
      const { method = "GET", headers } = request;
      const body = Buffer.concat(chunks).toString();
      const asked = { nsid, method, query: url.searchParams, headers, body, claims: claimsOf(headers) };
      heard.push(asked);
      const missing = {
        status: 501,
        body: { error: "MethodNotImplemented", message: `not played: ${nsid}` },
      };
      const answer = answers.get(nsid)?.(asked) ?? missing;
      if (typeof answer === "function") answer(response);
      else send(response, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  did = `did:web:localhost%3A${port}`;
  origin = `http://localhost:${port}`;
  return {
    did,
    origin,
    heard,
    on: (nsid, answer) => void answers.set(nsid, answer),
    reset() {
      heard.length = 0;
      answers.clear();
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  const bytes = Buffer.from(isRaw ? body : (JSON.stringify(body) ?? ""));
  const type = isRaw ? {} : { "content-type": "application/json" };
  response.writeHead(status, { ...type, "content-length": bytes.byteLength, ...headers });
  response.end(bytes);
}

function claimsOf({ authorization = "" }: IncomingMessage["headers"]): Heard["claims"] {
  const [, payload] = authorization.replace("Bearer ", "").split(".");
  if (payload === undefined) return null;
  return JSON.parse(Buffer.from(payload, "base64url").toString()) as Heard["claims"];
}
