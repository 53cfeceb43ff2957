/** `/app/keys`: the keys that the page's script knows, and the switch for those that are single letters (WCAG 2.1.4). */
import { appPage } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import type { AppVisit } from "../visit.ts";

export function keys(visit: AppVisit): Promise<Response> {
  const { scene } = visit;
  const { words } = scene.speech;
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title: words.keys, path: "/app/keys", indexed: false }}>
      <h1 id="keys">{words.keys}</h1>
      <dl class="keys-of">
        {Object.entries(words.keysDo).map(([key, does]) => (
          <div>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p class="aim at">
        <label class="check">
          <input type="checkbox" data-keys="" checked disabled /> {words.keysOn}
        </label>
      </p>
      <noscript>
        <p class="aim">{words.keysNeedScript}</p>
      </noscript>
    </Shell>,
  );
}
