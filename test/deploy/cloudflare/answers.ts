/** The envelope of Cloudflare's API. */

/** A refusal, with the API's own error code. */
export class ApiFailure extends Error {
  override name = "ApiFailure";
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const unauthorised = () => new ApiFailure(403, 10000, "Authentication error");

export const found = (result: unknown): object => ({ success: true, errors: [], messages: [], result });

export const refused = ({ code, message }: ApiFailure): object => ({
  success: false,
  errors: [{ code, message }],
  messages: [],
  result: null,
});
