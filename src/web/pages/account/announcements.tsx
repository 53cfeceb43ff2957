/** The page on which a member says whether they want announcements by mail. */
import type { FC } from "hono/jsx";
import type { Frame } from "../../visit.ts";
import { ButtonForm, type Sender } from "../form.tsx";
import { Layout } from "../layout.tsx";
import { BackLink, Done } from "../parts.tsx";

interface AnnouncementsProps extends Frame {
  sender: Sender;
  isQuiet: boolean;
  isSaved: boolean;
}

export const AnnouncementsPage: FC<AnnouncementsProps> = ({ host, nonce, sender, isQuiet, isSaved }) => (
  <Layout host={host} nonce={nonce} title="Announcements">
    <BackLink href="/account" label="Your account" />
    <h1>Announcements</h1>
    <Done message={isSaved ? "Saved." : null} />
    <p class="lead">
      {isQuiet
        ? `${host.name} sends you no announcements by mail. Mail about your account still comes.`
        : `Whoever runs ${host.name} writes to all members now and then.`}
    </p>
    <div class="inline">
      <ButtonForm {...sender} step={isQuiet ? "on" : "off"} weight="second">
        {isQuiet ? "Send them again" : "No more by mail"}
      </ButtonForm>
    </div>
  </Layout>
);
