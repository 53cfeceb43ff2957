/** The answer of a host that cannot serve: a page for browsers, an error by name for all others. */
import { Refusal } from "../../protocol/refusal.ts";
import { renderError } from "../errors.ts";
import { wantsPage } from "../pages.ts";

export interface Stopped {
  /** The error's name. */
  error: string;
  /** For people, above the message. */
  title: string;
  message: string;
  headers?: Record<string, string>;
}

/** Parts of a page, which browsers do not ask for as pages. */
const isPart = ({ url }: Request): boolean => /\/account\/(style\.\w+\.css|mark\.svg)$/.test(url);

export async function stopped(
  request: Request,
  { error, title, message, headers = {} }: Stopped,
): Promise<Response> {
  if (wantsPage(request) || isPart(request)) {
    const { stoppedPage } = await import("../../web/host/stopped.tsx");
    return stoppedPage(request, { title, message }, headers);
  }
  return renderError(new Refusal(error, message, 503, { ...headers, vary: "accept" }), request);
}
