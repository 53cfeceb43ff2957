/** First steps of a new member. */
import type { FC, PropsWithChildren } from "hono/jsx";
import type { HostWords } from "../visit.ts";
import type { AccountFrame } from "./account/task-page.tsx";
import { Layout } from "./layout.tsx";
import { BackLink, HostAddress } from "./parts.tsx";

const Step: FC<PropsWithChildren<{ title: string }>> = ({ title, children }) => (
  <li>
    <h3>{title}</h3>
    {children}
  </li>
);

/** The steps from an account to a timeline, in any app. */
const Steps: FC<{ host: HostWords; handle: string }> = ({ host, handle }) => (
  <ol class="steps">
    <Step title="Open an app">
      <p>
        <a href="https://bsky.app/">Bluesky</a>, for instance, in a browser or on your phone. Any app of the
        AT Protocol will do, and you can use several.
      </p>
    </Step>
    <Step title="Say where your account lives">
      <p>
        Choose “Sign in”. Where it says “Hosting provider”, choose “Manual” (“Custom” in older apps) and type
        this address. Apps that do not ask find it by your handle.
      </p>
      <HostAddress host={host} />
    </Step>
    <Step title="Sign in">
      <p>
        As <strong>@{handle}</strong>, with your password.
      </p>
    </Step>
  </ol>
);

export const WelcomePage: FC<AccountFrame> = ({ host, nonce, member, to }) => (
  <Layout host={host} nonce={nonce} title="Welcome" wide>
    <BackLink href={to("/account")} label="Your account" />
    <h1>Welcome to {host.name}</h1>
    <p class="lead">
      You are <strong>@{member.handle}</strong>, in every app of the AT Protocol.
    </p>
    <div class="buttons start">
      <a class="button first" href="/">
        See what is new at {host.name}
      </a>
    </div>
    <section>
      <h2>In an app of your choice: three steps</h2>
      <Steps host={host} handle={member.handle} />
    </section>
    <p class="lead">
      <a href={to("/account")}>Your account page</a> is where you change your handle or password, add a{" "}
      <a href={to("/account/passkeys")}>passkey</a>, and see which apps can use your account.
    </p>
  </Layout>
);
