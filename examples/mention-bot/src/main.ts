/** Usage: `BOT_SERVICE=https://… BOT_HANDLE=… BOT_PASSWORD=… npm start` */
import { AtpAgent } from "@atproto/api";
import { MentionBot, rollDice } from "./bot.ts";

const { BOT_SERVICE = "https://bsky.social", BOT_HANDLE, BOT_PASSWORD } = process.env;
if (!BOT_HANDLE || !BOT_PASSWORD) {
  console.error("Set BOT_HANDLE and BOT_PASSWORD (an app password), and BOT_SERVICE for another host.");
  process.exit(1);
}

const agent = new AtpAgent({ service: BOT_SERVICE });
await agent.login({ identifier: BOT_HANDLE, password: BOT_PASSWORD });
const bot = new MentionBot(agent, ({ text }) => rollDice(text));
for (;;) {
  try {
    const written = await bot.look();
    if (written > 0) console.log(`answered ${written}`);
  } catch (thrown) {
    console.error(thrown);
  }
  await new Promise((resolve) => setTimeout(resolve, 10_000));
}
