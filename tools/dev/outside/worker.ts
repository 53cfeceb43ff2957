/**
 * The outside world of a local run, absent from a deploy: a did:plc directory and a mailbox, in one object.
 * The host reaches it by service binding (`http://plc.local/…`, `http://mail.local/mail`); tools use its own
 * port.
 */
import { DurableObject } from "cloudflare:workers";
import { withCors } from "./answers.ts";
import { Mailbox } from "./mailbox.ts";
import { PlcDirectory } from "./plc-directory.ts";

interface OutsideBindings {
  OUTSIDE: DurableObjectNamespace<OutsideObject>;
}

export class OutsideObject extends DurableObject<OutsideBindings> {
  readonly #plc: PlcDirectory;
  readonly #mailbox: Mailbox;

  constructor(ctx: DurableObjectState, env: OutsideBindings) {
    super(ctx, env);
    this.#plc = new PlcDirectory(ctx.storage.sql);
    this.#mailbox = new Mailbox(ctx.storage.sql);
  }

  override async fetch(request: Request): Promise<Response> {
    const isMail = new URL(request.url).pathname === "/mail";
    return isMail ? this.#mailbox.fetch(request) : this.#plc.fetch(request);
  }
}

export default {
  async fetch(request: Request, env: OutsideBindings): Promise<Response> {
    if (request.method === "OPTIONS") return withCors(new Response(null, { status: 204 }));
    return withCors(await env.OUTSIDE.getByName("outside").fetch(request));
  },
} satisfies ExportedHandler<OutsideBindings>;
