/**
 * An expected error. `error` is the lexicon's error name, `status` the HTTP status, `message` plain words for
 * a person. Any code may throw it; `renderError` renders it at the HTTP edge.
 *
 * `instanceof` does not hold across objects (the class is cloned into a plain Error), but own fields survive,
 * so recognise a refusal by shape, with `isRefusal`.
 */
export class Refusal extends Error {
  override name = "Refusal";
  readonly error: string;
  readonly status: number;
  /** Extra response headers, such as `WWW-Authenticate`. */
  readonly headers: Record<string, string> | undefined;

  constructor(error: string, message: string, status = 400, headers?: Record<string, string>) {
    super(message);
    this.error = error;
    this.status = status;
    this.headers = headers;
  }
}

/** The shape that `isRefusal` guarantees, whichever object threw the value. */
export interface RefusalShape {
  error: string;
  status: number;
  message: string;
  headers?: Record<string, string> | undefined;
}

/** Whether a caught value is a refusal, thrown here or in another object. */
export function isRefusal(thrown: unknown): thrown is RefusalShape {
  if (typeof thrown !== "object" || thrown === null) return false;
  const { error, status, message } = thrown as Partial<Record<keyof RefusalShape, unknown>>;
  return typeof error === "string" && typeof status === "number" && typeof message === "string";
}

/** 400 InvalidRequest, the default refusal of XRPC. */
export const invalidRequest = (message: string) => new Refusal("InvalidRequest", message);

/** 401 with the reference implementation's error name for a missing or unfit credential. */
export const authRequired = (message = "Authentication Required") =>
  new Refusal("AuthenticationRequired", message, 401);

/** Narrows away null and undefined where they would be our own bug, never bad input. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`missing: ${what}`);
  return value;
}
