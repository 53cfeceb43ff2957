/** What an AppView read is made on: the caller's eyes, and the labelers that the request names. */
import type { Did } from "@atcute/lexicons";
import type { OwnReading, Reading } from "../appview/reads.ts";
import type { Services } from "./services.ts";

interface ReadCall {
  caller: { did: Did } | null;
  services: Services;
  request: Request;
  headers: Headers;
}

export const readingFor = ({ caller, services, request, headers }: ReadCall): Reading =>
  services.appview.on(caller?.did ?? null, request, headers);

export const ownReadingFor = ({
  caller,
  services,
  request,
  headers,
}: ReadCall & { caller: { did: Did } }): OwnReading => services.appview.on(caller.did, request, headers);
