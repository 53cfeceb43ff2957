/** The card of a link, as it will be posted; the writer may take it away again. */
import type { FC } from "hono/jsx";
import type { Card } from "../cards/card.ts";
import { domainOf } from "../addresses.ts";
import type { Scene } from "../visit.ts";

interface CardPreviewProps {
  scene: Scene;
  card: Card;
  /** JSON: the picture that the browser has made of the page's. */
  thumb: string;
}

const picturePath = (image: string): string =>
  `/app/card/picture?${new URLSearchParams({ u: image }).toString()}`;

export const CardPreview: FC<CardPreviewProps> = ({ scene, card, thumb }) => {
  const { words } = scene.speech;
  const { uri, title, description, image } = card;
  return (
    <div class="offer" data-link={uri}>
      <input type="hidden" name="card" value={JSON.stringify(card)} />
      <input type="hidden" name="thumb" value={thumb} />
      <div class="site">
        {image === null ? null : <img src={picturePath(image)} alt="" width={600} height={315} />}
        <span class="words">
          <bdi class="domain">{domainOf(uri)}</bdi>
          <b dir="auto">{title}</b>
          {description === "" ? null : (
            <span class="more" dir="auto">
              {description}
            </span>
          )}
        </span>
      </div>
      <button class="quiet" type="submit" name="do" value="no-card">
        {words.removeCard}
      </button>
    </div>
  );
};
