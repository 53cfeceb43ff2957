/** `GET /guestbook/<did>` returns the entries of a guestbook as JSON. */
import http from "node:http";
import type { Store } from "./store.ts";

export function serve(store: Store): http.Server {
  return http.createServer((request, response) => {
    const [, did] = /^\/guestbook\/(did:[a-z]+:[\w.:%-]+)$/.exec(request.url ?? "") ?? [];
    const found = request.method === "GET" && did !== undefined;
    response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(found ? { entries: store.entriesOf(did) } : { error: "NotFound" }));
  });
}
