/** The host's own pages: landing page, and first steps of a new member. */
import type { FC, PropsWithChildren } from "hono/jsx";
import type { Frame, HostWords } from "../visit.ts";
import type { AccountFrame } from "./account/task-page.tsx";
import { Layout } from "./layout.tsx";
import { BackLink, HostAddress, HostFacts } from "./parts.tsx";

const Step: FC<PropsWithChildren<{ title: string }>> = ({ title, children }) => (
  <li>
    <h3>{title}</h3>
    {children}
  </li>
);

/** The steps from an account to a timeline, in any app. `handle` is null if the reader has no account yet. */
const Steps: FC<{ host: HostWords; handle: string | null }> = ({ host, handle }) => (
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
        {handle === null ? (
          <>With your handle, which ends in {host.handleDomains[0]}, and your password.</>
        ) : (
          <>
            As <strong>@{handle}</strong>, with your password.
          </>
        )}
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

const JOIN = { open: "Create an account", approval: "Ask to join", invite: "Join with an invite" } as const;

const Joining: FC<{ host: HostWords }> = ({ host }) => (
  <div class="buttons start">
    {host.registration === "closed" ? null : (
      <a class="button first" href={`${host.origin}/account/sign-up`}>
        {JOIN[host.registration]}
      </a>
    )}
    <a
      class={`button ${host.registration === "closed" ? "first" : "second"}`}
      href={`${host.origin}/account`}
    >
      Sign in
    </a>
  </div>
);

const ADMISSION = {
  open: "Everybody can have an account here.",
  approval: "Whoever wants to join asks, and says why.",
  invite: "New members come by invitation.",
  closed: "New accounts are not given out at the moment.",
} as const;

/** The page at the host's address, and at the address of a member's handle. */
export const LandingPage: FC<Frame> = ({ host, nonce }) => (
  <Layout host={host} nonce={nonce} title="Welcome" wide indexed>
    <h1>Welcome to {host.name}</h1>
    <p class="lead">
      A community with its own place on the open social web. An account here works with every app of the AT
      Protocol, and you can take it with you whenever you like. {ADMISSION[host.registration]}{" "}
      {host.registration === "invite" && host.memberInvites ? "Ask somebody who is here for a link." : null}
    </p>
    <Joining host={host} />
    <section>
      <h2>How to begin</h2>
      <Steps host={host} handle={null} />
    </section>
    <section>
      <details class="card">
        <summary>For developers and other hosts</summary>
        <HostFacts host={host} />
      </details>
    </section>
  </Layout>
);
