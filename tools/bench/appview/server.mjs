// The reference network (PLC directory, PDS, AppView, Ozone), in a process of its own, under the Node it was built for.
// Says where it is once it runs; a message asks it to settle: it answers when the AppView has taken in all there is.
// argument: the module to import
const { TestNetwork } = await import(process.argv[2]);
// Its parent is gone, or wants it gone.
process.once("disconnect", () => process.exit(0));
const network = await TestNetwork.create({});
process.on("message", async () => {
  await network.processFullSubscription(60_000);
  process.send({ settled: true });
});
const { pds, bsky } = network;
process.send({ pds: pds.url, appview: bsky.url, did: bsky.ctx.cfg.serverDid });
