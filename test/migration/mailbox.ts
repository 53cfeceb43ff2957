/** The newest code that either host mailed to an address. */
import assert from "node:assert/strict";

export async function mailedCode(outside: string, email: string): Promise<string> {
  const response = await fetch(`${outside}/mail?to=${encodeURIComponent(email)}`);
  const mails = (await response.json()) as { text: string }[];
  const code = /\b[A-Z2-7]{5}-[A-Z2-7]{5}\b/i.exec(mails[0]?.text ?? "")?.[0];
  assert.ok(code, `a code in the mail to ${email}`);
  return code;
}
