// Runs the reference PDS in its own process, configured by PDS_* variables. Its mail goes to MAILBOX, over
// HTTP. Argument: the folder of its installation.
import { pathToFileURL } from "node:url";

const { PDS } = await import(
  pathToFileURL(`${process.argv[2]}/node_modules/@atproto/pds/dist/index.js`).href
);
const pds = await PDS.fromEnv();
pds.ctx.mailer.transporter.sendMail = async ({ to, subject, html }) => {
  const text = String(html).replaceAll(/<style[\s\S]*?<\/style>|<[^>]+>/g, " ");
  await fetch(process.env.MAILBOX, { method: "POST", body: JSON.stringify({ to, subject, text }) });
};
await pds.start();
