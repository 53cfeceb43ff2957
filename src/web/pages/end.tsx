/** The page for when there is nothing left to do here, or nothing could be done. */
import type { FC } from "hono/jsx";
import type { Frame } from "../visit.ts";
import { Layout } from "./layout.tsx";

interface EndProps extends Frame {
  title: string;
  message: string;
  /** The link to go on from here. */
  way?: { href: string; label: string };
}

const TO_ACCOUNT = { href: "/account", label: "Go to your account page" };

export const EndPage: FC<EndProps> = ({ host, nonce, title, message, way = TO_ACCOUNT }) => (
  <Layout host={host} nonce={nonce} title={title}>
    <h1>{title}</h1>
    <p class="lead">{message}</p>
    <div class="buttons start">
      <a class="button second" href={way.href}>
        {way.label}
      </a>
    </div>
  </Layout>
);
