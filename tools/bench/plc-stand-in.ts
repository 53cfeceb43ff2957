/**
 * The smallest PLC directory that works for the reference PDS. It accepts every operation unchecked and
 * serves the last one as a document. Use it only for measuring.
 */
import http from "node:http";
import { isObject } from "./client.ts";

interface Operation {
  alsoKnownAs: unknown;
  rotationKeys: unknown;
  verificationMethods: unknown;
  services: unknown;
}

function operationOf(json: string): Operation {
  const value: unknown = JSON.parse(json);
  if (!isObject(value)) throw new Error("not an operation");
  const { alsoKnownAs, rotationKeys, verificationMethods, services } = value;
  return { alsoKnownAs, rotationKeys, verificationMethods, services };
}

function documentOf(did: string, operation: Operation): unknown {
  const keys = isObject(operation.verificationMethods) ? Object.entries(operation.verificationMethods) : [];
  const services = isObject(operation.services) ? Object.entries(operation.services) : [];
  return {
    "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
    id: did,
    alsoKnownAs: operation.alsoKnownAs,
    verificationMethod: keys.map(([name, key]) => ({
      id: `${did}#${name}`,
      type: "Multikey",
      controller: did,
      publicKeyMultibase: String(key).replace("did:key:", ""),
    })),
    service: services.map(([name, service]) => ({
      id: `#${name}`,
      type: isObject(service) ? service["type"] : undefined,
      serviceEndpoint: isObject(service) ? service["endpoint"] : undefined,
    })),
  };
}

export interface StandIn {
  url: string;
  close(): void;
}

export async function startPlcStandIn(): Promise<StandIn> {
  const operations = new Map<string, Operation>();
  const server = http.createServer((request, response) => {
    const [did = "", part] = decodeURIComponent(request.url ?? "/")
      .slice(1)
      .split("/");
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method === "POST") operations.set(did, operationOf(Buffer.concat(chunks).toString("utf8")));
      const operation = operations.get(did);
      response.setHeader("content-type", "application/json");
      response.statusCode = operation === undefined ? 404 : 200;
      if (operation === undefined) response.end("{}");
      else
        response.end(JSON.stringify(part === undefined ? documentOf(did, operation) : { did, ...operation }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the PLC stand-in has no port");
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
