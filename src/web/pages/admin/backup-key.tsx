/** The part of a form in which the browser makes the key of backups: the host gets its public half alone. */
import type { FC } from "hono/jsx";

export const BACKUP_KEY_SCRIPT = "/admin/backup-key.js";

/** P-256, with which `seal.ts` seals; the texts are those that `npm run restore` reads. */
export const BACKUP_KEY_SCRIPT_TEXT = `
const at = (id) => document.getElementById("backup-key" + id);
const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function show() {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(curve, true, ["deriveBits"]);
  const { d } = await crypto.subtle.exportKey("jwk", privateKey);
  const secret = "atoll-backup-key-1-" + d;
  const text = "Key of the backups of " + location.host + "\\n\\n" + secret + "\\n\\nNothing else opens them. Keep it apart from the host.\\n";
  at("-secret").textContent = secret;
  at("-file").href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  at("-public").value = base64url(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
  at("-made").hidden = false;
  at("-make").hidden = true;
  at("-secret").focus();
}

if (at("") && crypto.subtle) {
  at("-make").hidden = false;
  at("-make").addEventListener("click", () => show().catch(() => {
    at("-problem").textContent = "This browser could not make a key.";
  }));
}
`;

export const BackupKeyPart: FC = () => (
  <div id="backup-key">
    <button class="quiet" type="button" id="backup-key-make" hidden>
      Make a key
    </button>
    <div id="backup-key-made" hidden>
      <p class="secret" id="backup-key-secret" tabindex={-1} aria-label="The key of your backups"></p>
      <div class="inline">
        <a class="button quiet" id="backup-key-file" download="backup-key.txt" href="#backup-key">
          Save as a file
        </a>
      </div>
      <div class="check">
        <input type="checkbox" id="backup-key-saved" name="saved" value="yes" required />
        <div>
          <label for="backup-key-saved">I have saved it</label>
          <p class="hint">
            It is shown this once only, and this host never has it. Without it, no backup opens.
          </p>
        </div>
      </div>
      <input type="hidden" name="BACKUP_KEY" id="backup-key-public" />
      <button class="first">Use this key</button>
    </div>
    <p class="wrong" id="backup-key-problem" role="alert"></p>
  </div>
);
