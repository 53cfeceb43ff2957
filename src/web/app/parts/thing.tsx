/** A feed, a list or a starter pack, as a row. */
import type { FC } from "hono/jsx";
import { Icon, type IconName } from "./icon.tsx";

interface ThingProps {
  icon: IconName;
  path: string;
  name: string;
  description?: string | undefined;
}

export const ThingRow: FC<ThingProps> = ({ icon, path, name, description }) => (
  <li class="row thing">
    <Icon name={icon} size={28} />
    <div class="words">
      <a class="who" href={path}>
        <b dir="auto">{name}</b>
      </a>
      {description ? (
        <p class="bio" dir="auto">
          {description}
        </p>
      ) : null}
    </div>
  </li>
);
