import type { Account } from "./account.ts";
export async function importRepo(_account: Account, car: ReadableStream<Uint8Array>): Promise<void> {
  await car.cancel();
}
