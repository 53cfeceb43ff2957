/** The part of a form in which the browser makes a recovery key. Without the script, it is not there. */
import type { FC } from "hono/jsx";

export const RECOVERY_SCRIPT = "/account/recovery.js";

interface RecoveryKeyProps {
  /** The public half of a key that was made and saved on an earlier try of the same form. */
  made?: string | undefined;
  /** Whether the form is about nothing else, so that it cannot go without. */
  required?: boolean;
}

export const RecoveryKeyPart: FC<RecoveryKeyProps> = ({ made = "", required = false }) => (
  <div class="card" id="recovery" data-required={required ? "yes" : undefined} hidden>
    <h2>Recovery key</h2>
    <p class="hint">
      With it, the account stays yours even if this host is gone: nobody else can take your name elsewhere.
      Your browser makes it, and this host never sees it.
    </p>
    <p class="hint" id="recovery-kept" hidden={made === ""}>
      The key that you saved before goes along.
    </p>
    <div id="recovery-made" hidden>
      <p class="secret" id="recovery-secret" tabindex={-1} aria-label="Your recovery key"></p>
      <div class="inline">
        <button class="quiet" type="button" id="recovery-copy">
          Copy
        </button>
        <a class="button quiet" id="recovery-file" download="recovery-key.txt" href="#recovery">
          Save as a file
        </a>
      </div>
      <div class="check">
        <input type="checkbox" id="recovery-saved" />
        <div>
          <label for="recovery-saved">I have saved it</label>
          <p class="hint">It is shown this once only. Keep it where only you find it, not on this host.</p>
        </div>
      </div>
    </div>
    <button class="quiet" type="button" id="recovery-make">
      Make a recovery key
    </button>
    <p class="wrong" id="recovery-problem" role="alert"></p>
    <input type="hidden" name="recoveryKey" id="recovery-key" value={made} />
  </div>
);
