/** The pages of settings. */
import type { FC } from "hono/jsx";
import type { Input, SettingsPage as Page } from "../../setup/inputs.ts";
import { SETTINGS_PAGES } from "../../setup/settings-pages.ts";
import { Row } from "../account/rows.tsx";
import { Form, Submit } from "../form.tsx";
import { SettingInput, type Shown, hasUpload } from "../setup/settings-form.tsx";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";

export const SettingsListPage: FC<DeskFrame> = (frame) => (
  <DeskPage {...frame} title="Settings" lead="What set-up asked for. It can be changed at any time.">
    <div class="rows">
      {Object.entries(SETTINGS_PAGES).map(([name, { title, lead }]) => (
        <Row href={frame.to(`/admin/settings/${name}`)} title={title} at={lead} />
      ))}
    </div>
  </DeskPage>
);

interface SettingsProps extends DeskFrame {
  page: Page;
  shown: (input: Input) => Shown;
}

export const SettingsPage: FC<SettingsProps> = ({ page, shown, ...frame }) => {
  const { confirmed, to, here, member, sender, problem } = frame;
  return (
    <DeskPage
      {...frame}
      title={page.title}
      lead={page.lead}
      back={{ path: "/admin/settings", label: "Settings" }}
    >
      {confirmed ? null : (
        <p class="lead">
          <a href={to("/account/sign-in", { to: here, again: member.handle })}>Sign in once more</a> to change
          them.
        </p>
      )}
      <Form {...sender} step="save" upload={hasUpload(page)}>
        {page.inputs.map((input) => (
          <SettingInput input={input} shown={shown(input)} problem={problem ?? undefined} />
        ))}
        {confirmed && page.inputs.some((input) => !shown(input).fixed) ? <Submit>Save</Submit> : null}
      </Form>
    </DeskPage>
  );
};
