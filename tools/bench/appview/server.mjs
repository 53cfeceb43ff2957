// Runs the reference network (PLC directory, PDS, AppView, Ozone) in its own process, under the Node it was
// built for. It sends its addresses once it runs. Any message asks it to settle: it answers when the AppView
// has indexed everything. Argument: the module to import.
const { TestNetwork } = await import(process.argv[2]);
// The parent has ended, or has disconnected to end this process.
process.once("disconnect", () => process.exit(0));
const network = await TestNetwork.create({});
process.on("message", async () => {
  await network.processFullSubscription(60_000);
  process.send({ settled: true });
});
const { pds, bsky } = network;
process.send({ pds: pds.url, appview: bsky.url, did: bsky.ctx.cfg.serverDid });
