/** The host's mails in English: who, what happens, the code, and what to do if somebody else asked. */
const ENDING = "The code works once, within 15 minutes.";
const NOT_YOU = "If it was not you who asked, somebody is signed in as you: change your password.";

export const EN = {
  confirm_email: {
    subject: "Confirm your e-mail address: {code}",
    text: `Hello @{handle},

to confirm that this is your e-mail address, enter this code in your app:

    {code}

${ENDING} If you have no account at {community}, somebody mistyped their address: do nothing, and nothing happens.`,
  },
  update_email: {
    subject: "Change your e-mail address: {code}",
    text: `Hello @{handle},

you asked to use another e-mail address for your account at {community}. To go on, enter this code in your app:

    {code}

${ENDING} ${NOT_YOU}`,
  },
  reset_password: {
    subject: "Choose a new password: {code}",
    text: `Hello @{handle},

somebody, hopefully you, asked for a new password for your account at {community}. To choose one, enter this code:

    {code}

${ENDING} A new password signs you out of every app and browser. Passkeys and app passwords go on working: you can remove them at {address}/account/password.

If it was not you, do nothing: your password stays as it is.`,
  },
  delete_account: {
    subject: "Delete your account: {code}",
    text: `Hello @{handle},

you asked to delete your account at {community}, with all its posts and pictures. This cannot be undone. If you are sure, enter this code where you asked for it; an app wants your password as well:

    {code}

${ENDING} ${NOT_YOU}`,
  },
  plc_operation: {
    subject: "Confirm a change to your identity: {code}",
    text: `Hello @{handle},

you asked {community} to sign a change to your identity, as it is needed to move to another host or for a recovery key. To go on, enter this code:

    {code}

${ENDING} Whoever has it can take your account elsewhere, so give it to nobody. If it was not you who asked, change your password.`,
  },
  invite: {
    subject: "An invite to {community}",
    text: `Hello,

@{handle} invites you to {community}. With this link you make an account there:

    {link}

It lets one person in. If you do not want to, do nothing.
`,
  },
  let_in: {
    subject: "Welcome to {community}",
    text: `Hello,

you asked to join {community}, and you are welcome. With this link you make your account, @{handle}:

    {link}

It lets one person in, for two weeks.`,
  },
  turned_down: {
    subject: "Your request to join {community}",
    text: `Hello,

you asked to join {community} as @{handle}. The people there decided not to take you in at the moment.`,
  },
  warn_spam: {
    subject: "",
    text: "Something that you posted reads like advertising, or was posted many times over. Please stop: people come here to talk with each other.",
  },
  warn_rude: {
    subject: "",
    text: "Something that you wrote hurt somebody here. Please mind how you talk to people, and take it back if you can.",
  },
  warn_media: {
    subject: "",
    text: "You posted a picture that not everybody wants to see without being asked. Please label such pictures when you post them: every app offers that.",
  },
};
