/** The host's mails in German. */
const ENDE = "Der Code gilt einmal, 15 Minuten lang.";
const NICHT_DU = "Wenn du das nicht warst, ist jemand als du angemeldet: Ändere dein Passwort.";

export const DE = {
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
};
