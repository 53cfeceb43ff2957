/** An app's name on the pages. */
import { visibleText } from "../../protocol/visible-text.ts";
import type { AppView } from "../pages/sign-in.tsx";

/** Apps choose their own name, but they cannot fake where their document lives. */
export function appOf({
  id,
  metadata,
}: {
  id: string;
  metadata: { client_name?: string | undefined };
}): AppView {
  const url = new URL(id);
  const local = url.protocol === "http:";
  const named = visibleText(metadata.client_name ?? "").slice(0, 80);
  const name = named || (local ? "An app on this device" : url.hostname);
  return {
    name,
    called: named || !local ? name : "an app on this device",
    from: local ? null : url.hostname,
  };
}
