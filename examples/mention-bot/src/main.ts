/** Usage: `BOT_SERVICE=https://… BOT_HANDLE=… BOT_PASSWORD=… npm start`. The service is an Atoll host. */
import { JetstreamSubscription } from "@atcute/jetstream";
import { AtpAgent } from "@atproto/api";
import { POST, rollDice, runBot } from "./bot.ts";

const { BOT_SERVICE, BOT_HANDLE, BOT_PASSWORD } = process.env;
if (!BOT_SERVICE || !BOT_HANDLE || !BOT_PASSWORD) {
  console.error("Set BOT_SERVICE, BOT_HANDLE and BOT_PASSWORD (an app password).");
  process.exit(1);
}

const agent = new AtpAgent({ service: BOT_SERVICE });
await agent.login({ identifier: BOT_HANDLE, password: BOT_PASSWORD });
// From the beginning of what the host still has: a mention that was answered before is not answered again.
const url = BOT_SERVICE.replace(/^http/, "ws");
await runBot(agent, new JetstreamSubscription({ url, wantedCollections: [POST], cursor: 0 }), rollDice);
