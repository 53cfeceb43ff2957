/** What an app is called on the pages. */
import type { AppView } from "./pages/sign-in.tsx";

/** A name is the app's own word; where its document lives is not. */
export function appOf({
  id,
  metadata,
}: {
  id: string;
  metadata: { client_name?: string | undefined };
}): AppView {
  const url = new URL(id);
  const local = url.protocol === "http:";
  const named = metadata.client_name?.trim().slice(0, 80);
  const name = named || (local ? "An app on this device" : url.hostname);
  return {
    name,
    called: named || !local ? name : "an app on this device",
    from: local ? "Runs on your own device" : url.hostname,
  };
}
