/** Rows of the AppView's methods: each is a function of its read side. */
import type { Did } from "@atcute/lexicons";
import type { XRPCProcedureMetadata } from "@atcute/lexicons/validations";
import type { ViewContext } from "../../appview/reads/view-context.ts";
import { Refusal, isRefusal } from "../../protocol/refusal.ts";
import type { Services } from "./services.ts";
import {
  type Call,
  type InputOf,
  type Method,
  type MethodModule,
  type MethodSchema,
  type OutputOf,
  type ParamsOf,
  type Policy,
  method,
} from "./method.ts";

/** A procedure is asked by its body, a query by its parameters. */
type Asked<S extends MethodSchema> = S extends XRPCProcedureMetadata ? InputOf<S> : ParamsOf<S>;

type Seen = { did: Did } | null;
/** The view context of a method whose policy admits `Caller`: with a viewer if every caller is one. */
type ContextOf<Caller extends Seen> = ViewContext & {
  viewer: Caller extends { did: Did } ? Did : Did | null;
};

interface AppViewOptions {
  /**
   * Adds the rev up to which the viewer's own repo is indexed to the reply, and to a refusal. A PDS compares
   * it to decide which of its own records to add to the answer (read-after-write); a missing record may only
   * be too new.
   */
  rev?: true;
  /** The answer is the same for everyone. Credentials are checked even so: an app needs the permission. */
  impersonal?: true;
  /** Other services need the answer, so that it is for guests also where the AppView is for members. */
  open?: true;
}

export const WITH_REV: AppViewOptions = { rev: true };
export const OPEN: AppViewOptions = { open: true };
export const IMPERSONAL: AppViewOptions = { impersonal: true };

/**
 * A row whose function takes a view context and what was asked. The labelers that the request names are in
 * the context; the reply says which were applied.
 */
export function appview<S extends MethodSchema, Caller extends Seen>(
  module: MethodModule<S>,
  policy: Policy<Caller>,
  run: (
    context: ContextOf<Caller>,
    asked: Asked<S>,
    call: Call<S, Caller>,
  ) => OutputOf<S> | Promise<OutputOf<S>>,
  { rev, impersonal, open }: AppViewOptions = {},
): Method {
  const isProcedure = module.mainSchema.type === "xrpc_procedure";
  return method(module, policy, async (call) => {
    const { caller, services, request, headers } = call;
    if (open !== true && services.env.APP_READERS === "members") await assertMember(caller, services);
    const viewer = impersonal ? null : (caller?.did ?? null);
    const reading = services.appview.on(viewer, request, headers);
    if (caller !== null && viewer !== null && isSession(caller))
      reading.elsewhere = services.elsewhere(viewer);
    const context = reading as ContextOf<Caller>;
    const asked = (isProcedure ? call.input : call.params) as Asked<S>;
    if (rev !== true) return run(context, asked, call);
    const sawRev = (seen: string) => headers.set(REV, seen);
    return refusedWithRev(headers, () => run({ ...context, sawRev }, asked, call));
  });
}

/**
 * Refuses AuthMissing (401) unless the caller is a member: an account elsewhere proves who it is by a service
 * token, and is a guest here.
 */
async function assertMember(caller: Seen, { directory }: Services): Promise<void> {
  const isMember =
    caller !== null && (isSession(caller) || (await directory.findByDid(caller.did))?.status === "active");
  if (!isMember) throw new Refusal("AuthMissing", "This host's AppView is for its members", 401);
}

const isSession = (caller: { did: Did; kind?: string }): boolean =>
  caller.kind === "session" || caller.kind === "oauth";

const REV = "atproto-repo-rev";

async function refusedWithRev<T>(headers: Headers, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    const rev = headers.get(REV);
    if (rev === null || !isRefusal(thrown)) throw thrown;
    const { error, message, status } = thrown;
    throw new Refusal(error, message, status, { ...thrown.headers, [REV]: rev });
  }
}
