/** The checklist on the admin's desk. */
import type { FC } from "hono/jsx";
import type { Check } from "../../../lifecycle/host/checks.ts";
import { ButtonForm } from "../form.tsx";
import { Checks } from "../setup/checks.tsx";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";

export const HealthDeskPage: FC<DeskFrame & { checks: readonly Check[] }> = ({ checks, ...frame }) => (
  <DeskPage {...frame} title="Health" lead={verdict(checks)}>
    <Checks checks={checks} />
    <div class="inline">
      <a class="button quiet" href={frame.to("/admin/health")}>
        Test again
      </a>
      <ButtonForm {...frame.sender} step="mail">
        Send me a mail
      </ButtonForm>
      <a class="button quiet" href={frame.to("/admin/address")}>
        Change the address
      </a>
    </div>
  </DeskPage>
);

function verdict(checks: readonly Check[]): string {
  const ill = checks.filter(({ health }) => health === "ill").length;
  if (ill === 0)
    return "Each thing was tested just now, from outside where a Worker can. Nothing has to be mended.";
  return `Each thing was tested just now, from outside where a Worker can. ${ill === 1 ? "One has" : `${ill} have`} to be mended.`;
}
