/** The inputs of those pages of set-up that only set settings. */
import type { SettingName, Settings } from "../../protocol/settings/list.ts";
import type { SettingsPage } from "./inputs.ts";
import type { PageName } from "./pages.ts";

export const BLUESKY_APPVIEW = "did:web:api.bsky.app#bsky_appview";

export const SETTINGS_PAGES: Readonly<Partial<Record<PageName, SettingsPage>>> = {
  place: {
    title: "Whose place is it?",
    lead: "The next pages propose what fits. Nothing here is for ever.",
    inputs: [
      {
        kind: "choice",
        name: "HOST_KIND",
        label: "This host is for",
        options: [
          {
            value: "community",
            label: "A community",
            hint: "People join, get handles here, and see one another’s posts. You set the rules.",
          },
          {
            value: "person",
            label: "One person",
            hint: "Your own account on your own host, in the big network. Its front page is you. It fits Cloudflare’s free plan.",
          },
        ],
      },
      {
        kind: "choice",
        name: "PLAN",
        label: "Your plan at Cloudflare is",
        options: [
          {
            value: "free",
            label: "Free",
            hint: "It holds one person with ease, and a few hundred quiet members.",
          },
          {
            value: "paid",
            label: "Paid",
            hint: "$5 a month, for a community. The host then takes up more work at once.",
          },
        ],
      },
      {
        kind: "text",
        name: "PERSON_SHOWS",
        label: "What one person’s front page shows",
        hint: "It counts for one person alone. Posts, replies, media, and collections of your repo such as com.whtwnd.blog.entry, separated by commas. Posts are there in any case.",
        maxlength: 400,
      },
    ],
  },
  look: {
    title: "Name and colour",
    lead: "What people see on every page of this host.",
    inputs: [
      {
        kind: "text",
        name: "HOST_NAME",
        label: "Name",
        hint: "Up to 64 characters. Left empty, it is the host’s address.",
        maxlength: 64,
      },
      {
        kind: "text",
        name: "HOST_COLOR",
        label: "Colour",
        hint: "Like #0e7c86. Left empty, it is Atoll’s own. Contrast is looked after, whatever you take.",
        maxlength: 7,
      },
      {
        kind: "picture",
        name: "HOST_LOGO",
        label: "Logo",
        hint: "A square PNG, JPEG or WebP of up to 200 KB. Without one, the host draws an island of its own.",
      },
    ],
  },
  links: {
    title: "Rules, privacy, contact",
    lead: "They stand at the foot of every page, and apps show them. All of them may be left empty for now.",
    inputs: [
      {
        kind: "text",
        name: "TERMS_URL",
        label: "Address of the rules",
        hint: "A page of yours, such as https://example.com/rules.",
      },
      {
        kind: "text",
        name: "PRIVACY_URL",
        label: "Address of the privacy policy",
        hint: "What this host keeps, and for how long.",
      },
      {
        kind: "text",
        type: "email",
        name: "CONTACT_EMAIL",
        label: "Contact",
        hint: "An e-mail address that everybody may see, and write to.",
      },
    ],
  },
  joining: {
    title: "Who may join, and who may read?",
    lead: "Programs look for open hosts and find them within a day, so invites are the safe choice.",
    inputs: [
      {
        kind: "choice",
        name: "REGISTRATION",
        label: "New accounts are for",
        options: [
          { value: "invite", label: "People with an invite", hint: "Members and you give invites as links." },
          {
            value: "approval",
            label: "Whom you let in",
            hint: "People ask, and say why. You read it on the admin pages, and let them in or not. Your invites count as well.",
          },
          {
            value: "open",
            label: "Everybody",
            hint: "Sign-ups are limited by address and in all, but expect programs among them.",
          },
          { value: "closed", label: "Nobody", hint: "For one person, or until you are ready." },
        ],
      },
      {
        kind: "text",
        name: "MEMBER_INVITES",
        label: "Invites that each member can give",
        hint: "A number. It counts if people need an invite.",
        maxlength: 4,
      },
      {
        kind: "choice",
        name: "APP_READERS",
        label: "This host’s own pages, and what it answers apps, are for",
        options: [
          {
            value: "everybody",
            label: "Everybody",
            hint: "Guests read along. Whoever wants to be shown to signed-in people only can say so.",
          },
          {
            value: "members",
            label: "Members alone",
            hint: "Guests see the name, what it is and how to join. It is no secret: every repo is public by the protocol, other apps and hosts copy posts and pictures from here, and show them.",
          },
        ],
      },
    ],
  },
  mail: {
    title: "Mail",
    lead: "For forgotten passwords and codes. Without it the host works all the same: what could not be sent is kept for you to pass on.",
    inputs: [
      {
        kind: "text",
        name: "MAIL",
        label: "Sender",
        hint: "Like Lagoon <host@example.com>, of a domain whose mail you may send. Left empty, no mail is sent.",
      },
      {
        kind: "text",
        type: "password",
        name: "RESEND_API_KEY",
        label: "Key of Resend",
        hint: "From resend.com. Without it, mail goes through Cloudflare’s Email Service, if the Worker has its EMAIL binding.",
      },
    ],
  },
  network: {
    title: "The network",
    lead: "How this host meets the rest of the open social web.",
    inputs: [
      {
        kind: "choice",
        name: "APPVIEW",
        label: "Timelines, search and notifications come from",
        options: [
          {
            value: "local",
            label: "This host",
            hint: "Members always see one another at once, even when the network does not know them yet. Whoever comes back to it from another one has the index built anew, by itself: some minutes for a small community.",
          },
          {
            value: BLUESKY_APPVIEW,
            label: "Bluesky’s AppView",
            hint: "For one person who wants to see the whole network.",
          },
        ],
        other: {
          label: "Another AppView",
          hint: "Its DID and service, such as did:web:api.example.com#bsky_appview.",
        },
      },
      {
        kind: "choice",
        name: "READ_REPLICAS",
        label: "Guests read from",
        options: [
          { value: "", label: "The one database", hint: "Right for nearly everybody." },
          {
            value: "guests",
            label: "Its nearest copy",
            hint: "Where many guests are far away. First turn on read replication of the index’s database, in Cloudflare’s dashboard under D1. Members always see their own posts.",
          },
        ],
      },
      {
        kind: "text",
        name: "RELAYS",
        label: "Relays",
        hint: "They tell the network of posts here. Addresses, separated by commas; left empty, nobody is told.",
      },
    ],
  },
};

/** A page's proposal where nothing was chosen. */
export type Propose = (name: SettingName, settings: Settings) => string;

/**
 * The proposals of set-up. For one person, nobody else joins, and Bluesky's AppView shows the whole network. The
 * plan is the one that asks less of the account: the other, chosen in error, stops long work.
 */
export const proposalFor: Propose = (name, settings) => {
  const isPerson = settings.HOST_KIND === "person";
  if (name === "PLAN") return "free";
  if (isPerson && name === "REGISTRATION") return "closed";
  if (isPerson && name === "APPVIEW") return BLUESKY_APPVIEW;
  return settings[name];
};
