/** `atoll-host/testing`: a whole atproto network in a test. For usage, see docs/testing.md. */
export { createTestNetwork } from "./network.ts";
export type { Planted, TestNetwork, TestNetworkOptions } from "./network.ts";
export type { AccountOptions, TestAccount } from "./accounts.ts";
export type { Clock, Duration } from "./clock.ts";
export type { FetchAnswer, FetchPattern, Fetches, OutsideFetch } from "./fetches.ts";
export type {
  Firehose,
  FirehoseAccount,
  FirehoseCommit,
  FirehoseEvent,
  FirehoseIdentity,
  FirehoseOp,
  FirehoseOptions,
  FirehoseSync,
} from "./firehose.ts";
export type { Mail, Mailbox } from "./mailbox.ts";
export type { Notification } from "./notifications.ts";
export type { Figure } from "./kit-request.ts";
export type { TestHost } from "./test-host.ts";
export type { HostVars } from "./vars.ts";
export type { Wait } from "./waiting.ts";
export type { Seed, SeedAccount, SeedPost, SeedRecord } from "../seed/seed.ts";
export { SeedError } from "../seed/seed.ts";
export { LaunchError } from "../dev/ports.ts";
export { XrpcError } from "../dev/xrpc-client.ts";
