/**
 * Every word of the app in English, the language that others are translated from. A language is one such file
 * (`docs/languages.md`). `{}` stands for a number, a name or a date; plurals have a form for each category of
 * `Intl.PluralRules` that the language has.
 */
export const en = {
  lang: "en",
  dir: "ltr" as "ltr" | "rtl",

  // The frame.
  skip: "Skip to the page",
  menu: "Menu",
  home: "Home",
  search: "Search",
  searchHint: "Search people and posts",
  signIn: "Sign in",
  join: "Join",
  more: "More",
  newest: "Back to the newest",
  about: "About this place",
  works: "An account at {} works with every app of the AT Protocol.",
  status: "Status",
  terms: "Terms",
  privacy: "Privacy",
  elsewhere: "In other apps too",
  elsewhereHow:
    "An account here works with every app of the AT Protocol. Where one asks for your hosting provider, type this address.",
  developers: "For developers and other hosts",
  feed: "Feed for readers (RSS)",

  // The community's page.
  latest: "Latest",
  best: "Best of the week",
  welcome: "Welcome to {}",
  lead: "A community with its own place on the open social web. What people here say, they say at home: the account is theirs, and they can take it with them.",
  open: "Everybody can have an account here.",
  invite: "New members come by invitation.",
  ask: "Ask somebody who is here for a link.",
  closed: "New accounts are not given out at the moment.",
  joinInvite: "Join with an invite",
  joinOpen: "Create an account",
  members: { one: "{} member", other: "{} members" },
  quiet: "Nobody has posted here yet.",
  quietWeek: "Nobody has posted here this week.",

  // Profiles.
  posts: "Posts",
  replies: "Replies",
  media: "Media",
  feeds: "Feeds",
  lists: "Lists",
  packs: "Starter packs",
  followers: { one: "{} follower", other: "{} followers" },
  follows: "{} following",
  postCount: { one: "{} post", other: "{} posts" },
  followersOf: "Followers of {}",
  followsOf: "Whom {} follows",
  joined: "Joined {}",
  verified: "Verified",
  bot: "Automated account",
  nothingYet: "Nothing here yet.",
  nobodyYet: "Nobody here yet.",
  membersOnly: "{} shows posts to signed-in people only.",
  membersOnlyTitle: "For signed-in people",

  // Posts.
  reposted: "Reposted by {}",
  pinned: "Pinned",
  replyTo: "Reply to {}",
  replyToGone: "Reply to a post that is not shown",
  likes: { one: "{} like", other: "{} likes" },
  reposts: { one: "{} repost", other: "{} reposts" },
  quotes: { one: "{} quote", other: "{} quotes" },
  replyCount: { one: "{} reply", other: "{} replies" },
  notFound: "This post was deleted, or is not known here.",
  blocked: "This post is hidden by a block.",
  detached: "The author detached this post.",
  hiddenPost: "The moderators hid this post.",
  signedInOnly: "The author shows this post to signed-in people only.",
  goOn: "Read on",
  signedRecord: "The signed record",
  postBy: "Post by {}",
  picture: "Picture",
  noAlt: "Picture without a description",
  video: "Video",
  gif: "Moving picture",
  fullSize: "Open the picture at full size",
  untold: "Something that this page cannot show. Another app may.",
  feedBy: "Feed by {}",
  listBy: "List by {}",
  packBy: "Starter pack by {}",
  labelerBy: "Labeler",
  thread: "Thread",
  whoMay: {
    nobody: "Nobody may reply.",
    some: "Only some people may reply.",
  },
  others: "Show more replies",
  othersTitle: "More replies",

  // Labels.
  covered: "Content warning: {}",
  show: "Show",
  labelNames: {
    porn: "adult content",
    sexual: "sexually suggestive",
    nudity: "nudity",
    "graphic-media": "graphic media",
    gore: "graphic media",
    "!warn": "the moderators warn about this",
    "!hide": "hidden by the moderators",
    spam: "spam",
    impersonation: "impersonation",
  } as Record<string, string>,
  mediaHidden: "Media for adults. Sign in to decide about it.",

  // Search.
  people: "People",
  found: "Found for “{}”",
  top: "Top",
  nothingFound: "Nothing was found.",
  tagged: "Posts about #{}",

  // Feeds, lists, packs.
  likedBy: { one: "Liked by {}", other: "Liked by {}" },
  feedAway: "The service behind this feed does not answer at the moment.",
  onThisList: "On this list",
  fromThisList: "Posts",
  packLead: "People and feeds to begin with, chosen by {}.",
  joinedByPack: { one: "{} person joined with it", other: "{} people joined with it" },

  // Where nothing is.
  nothingHere: "Nothing here",
  noPage: "There is no page at this address.",
  toHome: "To the front page",
  gone: "This account is switched off.",
  takenDown: "The moderators took this account down.",
  now: "now",
};

export type Words = typeof en;
