/** Atoll's own texts of the host's mails: who, what happens, the code, and what to do if somebody else asked. */

const ENDING = "The code works once, within 15 minutes.";
const ENDE = "Der Code gilt einmal, 15 Minuten lang.";
const NOT_YOU = "If it was not you who asked, somebody is signed in as you: change your password.";
const NICHT_DU = "Wenn du das nicht warst, ist jemand als du angemeldet: Ändere dein Passwort.";

export const DEFAULT_TEXTS = {
  en: {
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
  },
  de: {
    confirm_email: {
      subject: "Bestätige deine E-Mail-Adresse: {code}",
      text: `Hallo @{handle},

um zu bestätigen, dass das deine E-Mail-Adresse ist, gib diesen Code in deiner App ein:

    {code}

${ENDE} Wenn du bei {community} kein Konto hast, hat sich jemand vertippt: Du musst nichts tun, und nichts geschieht.`,
    },
    update_email: {
      subject: "Ändere deine E-Mail-Adresse: {code}",
      text: `Hallo @{handle},

du willst für dein Konto bei {community} eine andere E-Mail-Adresse verwenden. Gib dafür diesen Code in deiner App ein:

    {code}

${ENDE} ${NICHT_DU}`,
    },
    reset_password: {
      subject: "Wähle ein neues Passwort: {code}",
      text: `Hallo @{handle},

jemand, hoffentlich du, hat um ein neues Passwort für dein Konto bei {community} gebeten. Gib dafür diesen Code ein:

    {code}

${ENDE} Ein neues Passwort meldet dich in allen Apps und Browsern ab. Passkeys und App-Passwörter gelten weiter: Du kannst sie auf {address}/account/password entfernen.

Wenn du das nicht warst, musst du nichts tun: Dein Passwort bleibt, wie es ist.`,
    },
    delete_account: {
      subject: "Lösche dein Konto: {code}",
      text: `Hallo @{handle},

du willst dein Konto bei {community} löschen, mit allen Beiträgen und Bildern. Das lässt sich nicht rückgängig machen. Wenn du sicher bist, gib diesen Code dort ein, wo du darum gebeten hast; eine App will auch dein Passwort:

    {code}

${ENDE} ${NICHT_DU}`,
    },
    plc_operation: {
      subject: "Bestätige eine Änderung deiner Identität: {code}",
      text: `Hallo @{handle},

du hast {community} gebeten, eine Änderung deiner Identität zu unterschreiben, wie sie für einen Umzug oder einen Wiederherstellungsschlüssel nötig ist. Gib dafür diesen Code ein:

    {code}

${ENDE} Wer ihn hat, kann dein Konto mitnehmen, also gib ihn niemandem. Wenn du das nicht warst, ändere dein Passwort.`,
    },
    invite: {
      subject: "Eine Einladung zu {community}",
      text: `Hallo,

@{handle} lädt dich zu {community} ein. Mit diesem Link legst du dort ein Konto an:

    {link}

Er gilt für eine Person. Wenn du nicht willst, musst du nichts tun.
`,
    },
    let_in: {
      subject: "Willkommen bei {community}",
      text: `Hallo,

du wolltest bei {community} mitmachen, und du bist willkommen. Mit diesem Link legst du dein Konto an, @{handle}:

    {link}

Er gilt für eine Person, zwei Wochen lang.`,
    },
    turned_down: {
      subject: "Deine Anfrage bei {community}",
      text: `Hallo,

du wolltest als @{handle} bei {community} mitmachen. Die Leute dort haben entschieden, dich zurzeit nicht aufzunehmen.`,
    },
    warn_spam: {
      subject: "",
      text: "Etwas, das du geschrieben hast, liest sich wie Werbung oder war viele Male zu lesen. Bitte lass das: Die Leute sind hier, um miteinander zu reden.",
    },
    warn_rude: {
      subject: "",
      text: "Etwas, das du geschrieben hast, hat hier jemanden verletzt. Bitte achte darauf, wie du mit Leuten sprichst, und nimm es zurück, wenn du kannst.",
    },
    warn_media: {
      subject: "",
      text: "Du hast ein Bild gezeigt, das nicht alle ungefragt sehen wollen. Bitte kennzeichne solche Bilder, wenn du sie zeigst: Jede App bietet das an.",
    },
  },
};
