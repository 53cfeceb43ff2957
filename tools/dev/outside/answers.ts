/** HTTP responses of the local outside world. */

export function json(body: unknown, status = 200, contentType = "application/json"): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": contentType } });
}

/** Allows every origin: browser tools read these services too. */
export function withCors(response: Response): Response {
  const open = new Response(response.body, response);
  open.headers.set("access-control-allow-origin", "*");
  open.headers.set("access-control-allow-headers", "*");
  open.headers.set("access-control-allow-methods", "GET, HEAD, POST, DELETE");
  return open;
}
