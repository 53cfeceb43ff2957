/** Follows a firehose and keeps the store up to date. It checks the signature of every commit. */
import type { IdResolver } from "@atproto/identity";
import { type Event, Firehose, MemoryRunner } from "@atproto/sync";
import { COLLECTION, isEntry } from "./lexicon.ts";
import type { Store } from "./store.ts";

export interface Source {
  /** Origin of a host or a relay: `wss://relay.example.com` */
  firehose: string;
  /** Resolves the keys that sign commits. */
  identities: IdResolver;
}

/** Follows the firehose until the returned function is called. */
export function follow(store: Store, { firehose: service, identities }: Source): () => Promise<void> {
  const runner = new MemoryRunner({
    // The first run starts as far back as the firehose goes.
    startCursor: store.cursor ?? 0,
    setCursor: async (seq) => {
      store.cursor = seq;
    },
  });
  const firehose = new Firehose({
    service,
    runner,
    idResolver: identities,
    filterCollections: [COLLECTION],
    handleEvent: async (event) => take(store, event),
    onError: (error) => console.error(error.message),
    subscriptionReconnectDelay: 100,
  });
  void firehose.start();
  return async () => {
    await firehose.destroy();
    await runner.destroy();
  };
}

function take(store: Store, event: Event): void {
  if (event.event === "create" || event.event === "update") {
    const uri = event.uri.toString();
    if (isEntry(event.record)) store.put(uri, event.did, event.record);
    else store.remove(uri);
  } else if (event.event === "delete") {
    store.remove(event.uri.toString());
  } else if (event.event === "account" && !event.active) {
    store.removeGuest(event.did);
  }
}
