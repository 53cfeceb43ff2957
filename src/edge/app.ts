/** The HTTP entry point: routes, CORS, and the rendering of errors that no route handled. */
import { Hono } from "hono";
import { methods } from "../xrpc/methods.ts";
import { allowCors, preflight } from "./cors.ts";
import type { Env } from "./env.ts";
import { renderError } from "./errors.ts";
import { blob, image, video } from "./images.ts";
import { oauth } from "./oauth.ts";
import { health } from "./health.ts";
import { landing, robots } from "./landing.ts";
import { pages } from "./pages.ts";
import { servicesOf } from "./services.ts";
import { status } from "./status.ts";
import { subscribeRepos } from "./subscribe.ts";
import { atprotoDid, hostDidDocument } from "./well-known.ts";
import { serveXrpc } from "./xrpc.ts";

export const app = new Hono<Env>();

app.options("*", () => preflight());

app.get("/xrpc/_health", (c) => health(c.env));
app.get("/xrpc/com.atproto.sync.subscribeRepos", (c) => subscribeRepos(c.req.raw, c.env));
app.all("/xrpc/*", (c) => serveXrpc(c.req.raw, servicesOf(c.req.raw, c.env, c.executionCtx), methods));

app.get("/.well-known/did.json", (c) => hostDidDocument(servicesOf(c.req.raw, c.env, c.executionCtx)));
app.get("/.well-known/atproto-did", (c) =>
  atprotoDid(c.req.raw, servicesOf(c.req.raw, c.env, c.executionCtx)),
);
app.route("/", oauth);
app.route("/", pages);
app.get("/img/*", (c) => image(c.req.raw, servicesOf(c.req.raw, c.env, c.executionCtx)));
app.get("/blob/*", (c) => blob(c.req.raw, servicesOf(c.req.raw, c.env, c.executionCtx)));
app.get("/watch/*", () => video());
app.get("/status", (c) => status(servicesOf(c.req.raw, c.env, c.executionCtx)));
app.get("/robots.txt", () => robots());
app.get("/", (c) => landing(servicesOf(c.req.raw, c.env, c.executionCtx)));

app.notFound((c) => allowCors(c.json({ error: "NotFound", message: "Not Found" }, 404)));
app.onError((thrown, c) => renderError(thrown, c.req.raw));
