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
  const from = local ? "an app on your own device" : url.hostname;
  return {
    name: (metadata.client_name ?? (local ? "An app on this device" : url.hostname)).slice(0, 80),
    from,
  };
}
