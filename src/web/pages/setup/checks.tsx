/** Results of the checklist. */
import type { FC } from "hono/jsx";
import type { Check, Health } from "../../../lifecycle/host/checks.ts";
import { Icon, type IconName } from "../icons.tsx";

const LOOKS: Record<Health, { icon: IconName; word: string }> = {
  well: { icon: "check", word: "Well" },
  ill: { icon: "alert", word: "To mend" },
  unsure: { icon: "eye", word: "Not sure" },
};

export const Checks: FC<{ checks: readonly Check[] }> = ({ checks }) =>
  checks.length === 0 ? null : (
    <div role="status">
      <ul class="checks">
        {checks.map(({ what, health, found, mend }) => (
          <li class={health}>
            <Icon name={LOOKS[health].icon} />
            <div>
              <b>{what}</b> <span class="at">{LOOKS[health].word}</span>
              <p>{found}</p>
              {mend === null ? null : <p class="mend">{mend}</p>}
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
