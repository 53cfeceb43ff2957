/** How much people do in a day: the activities whose costs are reckoned. */
import type { OperationName } from "./operations.ts";

/** How often each operation happens in a day. */
export type Day = Partial<Record<OperationName, number>>;

/** Shares of a member's writes; a picture is a post that has one. */
const WRITES = {
  post: 0.2,
  reply: 0.15,
  like: 0.45,
  repost: 0.06,
  follow: 0.06,
  picture: 0.05,
  deletion: 0.03,
};
/**
 * Shares of reads, by members' apps and by guests. An app asks for the number of unread ones twice a minute; browsers
 * and apps keep a picture for a day.
 */
const READS = {
  timeline: 0.16,
  unread: 0.22,
  notifications: 0.05,
  feed: 0.05,
  thread: 0.08,
  profile: 0.05,
  search: 0.01,
  record: 0.03,
  profilePage: 0.02,
  postPage: 0.02,
  homePage: 0.01,
  image: 0.3,
};
const SIGN_INS = 0.3;
const SIGN_UPS = 0.002;

/** Runs of the schedule in a day: each minute, and each fifth minute. */
export const RUNS = 24 * 60 + 24 * 12;

const times = <Name extends OperationName>(shares: Record<Name, number>, number: number): Day =>
  Object.fromEntries(Object.entries<number>(shares).map(([name, share]) => [name, share * number]));

/** A day of a community, by what each member writes and reads in it. */
export const communityDay = (members: number, { writes, reads }: { writes: number; reads: number }): Day => ({
  ...times(WRITES, members * writes),
  ...times(READS, members * reads),
  signIn: members * SIGN_INS,
  signUp: members * SIGN_UPS,
  schedule: RUNS,
});

/** A member's day, on the average. */
export const ACTIVITIES = {
  quiet: { writes: 2, reads: 20 },
  lively: { writes: 6, reads: 60 },
  busy: { writes: 15, reads: 150 },
} as const;

/**
 * A heavy day of one person: 100 posts, 500 likes, six relays and apps that listen. Of 20,000 public reads most are
 * of programs, which ask for records.
 */
export const PERSONAL_DAY: Day = {
  post: 60,
  reply: 30,
  picture: 10,
  like: 500,
  signIn: 20,
  record: 16_000,
  profilePage: 2_000,
  postPage: 2_000,
  image: 2_000,
  schedule: RUNS,
};
