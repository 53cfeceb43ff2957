/** The pages of connected apps and of browsers. */
import type { FC } from "hono/jsx";
import { ButtonForm } from "../form.tsx";
import { day } from "../parts.tsx";
import { Ending, EndingRow } from "./rows.tsx";
import { type AccountFrame, TaskPage } from "./task-page.tsx";

export interface AppSession {
  clientId: string;
  name: string;
  /** Its origin; null if it runs on the member's own device. */
  from: string | null;
  since: number;
  used: number;
  words: string[];
}

export interface BrowserSession {
  id: string;
  name: string;
  address: string;
  seenAt: number;
  current: boolean;
}

export const AppsPage: FC<AccountFrame & { apps: AppSession[] }> = ({ apps, ...frame }) => (
  <TaskPage
    {...frame}
    title="Connected apps"
    lead={
      apps.length === 0
        ? "No app can use your account."
        : "These apps can use your account, until you disconnect them."
    }
  >
    {apps.map(({ clientId, name, from, since, used, words }) => (
      <div class="card">
        <h2>{name}</h2>
        <p class="hint">
          {from ?? "On your own device"} · since {day(since)}, last used {day(used)}
        </p>
        <details>
          <summary>
            What it may do<span class="visually-hidden">: {name}</span>
          </summary>
          <ul>
            {words.map((word) => (
              <li>{word}</li>
            ))}
          </ul>
        </details>
        <Ending
          {...frame.sender}
          carried={{ client: clientId }}
          step="disconnect"
          does="Disconnect"
          whom={name}
        />
      </div>
    ))}
  </TaskPage>
);

export const BrowsersPage: FC<AccountFrame & { browsers: BrowserSession[] }> = ({ browsers, ...frame }) => (
  <TaskPage
    {...frame}
    title="Browsers"
    lead="In these browsers your account page is open to whoever uses them. Sign out where you do not know the browser."
  >
    <div class="rows">
      {browsers.map(({ id, name, address, seenAt, current }) => (
        <EndingRow
          {...frame.sender}
          carried={{ browser: id }}
          step="sign-out-browser"
          title={name}
          at={current ? "This browser" : `${address} · last seen ${day(seenAt)}`}
          does="Sign out"
          whom={`of ${name}`}
        />
      ))}
    </div>
    <section>
      <h2>Everywhere, here too</h2>
      <p class="lead">
        Ends every session: all browsers with this one, connected apps, and apps that used your password or an
        app password.
      </p>
      <ButtonForm {...frame.sender} step="sign-out-everywhere" weight="second">
        Sign out everywhere
      </ButtonForm>
    </section>
  </TaskPage>
);
