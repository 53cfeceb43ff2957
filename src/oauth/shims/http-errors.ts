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

// oxlint-disable-next-line import/no-default-export -- the package's own form
export default createHttpError;
