/** `atoll-host/testing`: a whole atproto network in a test. For usage, see docs/testing.md. */
export { createTestNetwork } from "./network/network.ts";
export type { Planted, TestNetwork, TestNetworkOptions } from "./network/network.ts";
export type { AccountOptions, TestAccount } from "./network/accounts.ts";
export type { Clock, Duration } from "./network/clock.ts";
export type { FetchAnswer, FetchPattern, Fetches, OutsideFetch } from "./network/fetches.ts";
export type {
  Firehose,
  FirehoseAccount,
  FirehoseCommit,
  FirehoseEvent,
  FirehoseIdentity,
  FirehoseOp,
  FirehoseOptions,
  FirehoseSync,
} from "./network/firehose.ts";
export type { Mail, Mailbox } from "./network/mailbox.ts";
export type { Notification } from "./network/notifications.ts";
export type { Figure, Totals } from "./network/kit-request.ts";
export type { TestHost } from "./network/test-host.ts";
export type { HostVars } from "./vars.ts";
export type { Wait } from "./network/waiting.ts";
export type { Seed, SeedAccount, SeedPost, SeedRecord } from "../seed/seed.ts";
export { SeedError } from "../seed/seed.ts";
export { LaunchError } from "../dev/ports.ts";
export { XrpcError } from "../dev/xrpc-client.ts";
