/** Words for scopes over the account itself: `account:`, `identity:` and the two broad scopes of old. */
import { AccountPermission, IdentityPermission } from "@atproto/oauth-scopes";
import { type Asked, parsedBy } from "./asked.ts";

/** The scopes that only let the app see the e-mail address: a member may refuse them and still go on. */
export const EMAIL_SCOPES: ReadonlySet<string> = new Set([
  "transition:email",
  "account:email",
  "account:email?action=read",
]);

export const signInWords = (): Asked => ({
  icon: "person",
  title: "Know who you are",
  detail: "Your handle, and everything on your account that is public anyway.",
  exactly: ["atproto"],
});

export function transitionWords(scopes: readonly string[]): Asked[] {
  const asked: Asked[] = [];
  if (scopes.includes("transition:chat.bsky")) {
    asked.push({
      icon: "chat",
      title: "Read and send your private messages",
      detail: "All conversations, past ones too.",
      exactly: ["transition:chat.bsky"],
      grave: true,
    });
  }
  if (scopes.includes("transition:generic")) {
    asked.push({
      icon: "pen",
      title: "Use your account as you would",
      detail:
        "Post, delete, like, follow and block; change your profile and settings; read your feeds and notifications. Not your password, and not your e-mail address.",
      exactly: ["transition:generic"],
    });
  }
  return asked;
}

export function accountWords(scopes: readonly string[]): Asked[] {
  const email = scopes.filter((scope) => EMAIL_SCOPES.has(scope));
  const managed = parsedBy(scopes, (scope) => AccountPermission.fromString(scope)).filter(
    ({ scope }) => !EMAIL_SCOPES.has(scope),
  );
  return [
    ...managed.map(({ scope, permission }) =>
      attributeWords(permission.attr, permission.action.includes("manage"), scope),
    ),
    ...(email.length === 0
      ? []
      : [
          {
            icon: "mail",
            title: "See your e-mail address",
            exactly: email,
            optional: "email",
          } as const,
        ]),
  ];
}

function attributeWords(attr: "email" | "repo" | "status", manage: boolean, scope: string): Asked {
  const exactly = [scope];
  if (attr === "email") {
    return {
      icon: "mail",
      title: "See and change your e-mail address",
      detail: "Whoever has the mailbox can take the account over.",
      exactly,
      grave: true,
    };
  }
  if (attr === "repo") {
    return manage
      ? {
          icon: "box",
          title: "Replace everything you ever posted",
          detail: "By importing another repository over yours, as when an account moves.",
          exactly,
          grave: true,
        }
      : { icon: "box", title: "See how your account is stored", exactly };
  }
  return manage
    ? {
        icon: "person",
        title: "Switch your account off and on",
        detail: "While it is off, nobody sees it.",
        exactly,
        grave: true,
      }
    : { icon: "person", title: "See whether your account is switched on", exactly };
}

export function identityWords(scopes: readonly string[]): Asked[] {
  const all = parsedBy(scopes, (scope) => IdentityPermission.fromString(scope));
  const whole = all.filter(({ permission }) => permission.attr === "*");
  if (whole.length > 0) {
    return [
      {
        icon: "identity",
        title: "Change your identity and your handle, and move your account elsewhere",
        detail: "Whoever may do this can take the account for good.",
        exactly: all.map(({ scope }) => scope),
        grave: true,
      },
    ];
  }
  return all.length === 0
    ? []
    : [
        {
          icon: "identity",
          title: "Change your handle",
          detail: "The name by which others find you.",
          exactly: all.map(({ scope }) => scope),
          grave: true,
        },
      ];
}
