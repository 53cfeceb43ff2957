/**
 * Replaces `http-errors` (`ALIASES` in `bundle.ts`). The provider calls it once, in code that is not reached
 * here.
 */
class HttpError extends Error {
  readonly expose: boolean;
  readonly status: number;
  readonly statusCode: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
    this.statusCode = status;
    this.expose = status < 500;
  }
}

const createHttpError = (status: number, message: string): HttpError => new HttpError(status, message);

export default createHttpError;
