/** Usage: `FIREHOSE=wss://… PORT=3000 npm start` */
import { IdResolver, MemoryCache } from "@atproto/identity";
import { follow } from "./indexer.ts";
import { serve } from "./server.ts";
import { Store } from "./store.ts";

const {
  FIREHOSE = "wss://bsky.network",
  PLC = "https://plc.directory",
  PORT = "3000",
  DATABASE = "guestbook.db",
} = process.env;

const store = new Store(DATABASE);
follow(store, {
  firehose: FIREHOSE,
  identities: new IdResolver({ plcUrl: PLC, didCache: new MemoryCache() }),
});
serve(store).listen(Number(PORT), () => console.log(`http://localhost:${PORT}/guestbook/<did>`));
