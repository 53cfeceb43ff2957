/** A code that a host mails: requested once, used, and asked for again if it is wrong or too old. */
import { refused } from "./host-client.ts";
import type { Asker, WantedCode } from "./move.ts";

const ATTEMPTS = 4;

/**
 * @param request has the host mail a code; skipped if the member brought one, which a new code would
 * invalidate
 * @param use throws `XrpcError` InvalidToken or ExpiredToken if the code is refused
 */
export async function withCode<T>(
  ask: Asker,
  wanted: Omit<WantedCode, "again">,
  request: () => Promise<unknown>,
  use: (code: string) => Promise<T>,
): Promise<T> {
  let again: string | null = null;
  let code = ask.brought();
  let requested = false;
  for (let attempt = 1; ; attempt++) {
    if (code === undefined) {
      if (!requested) await request();
      requested = true;
      code = await ask.code({ ...wanted, again });
    }
    try {
      return await use(code.trim());
    } catch (thrown) {
      if (!refused(thrown, "InvalidToken", "ExpiredToken") || attempt === ATTEMPTS) throw thrown;
      const tooOld = thrown.error === "ExpiredToken";
      again = tooOld ? "That code is too old. Another one is mailed now." : "That code is wrong.";
      if (tooOld) requested = false;
      code = undefined;
    }
  }
}
