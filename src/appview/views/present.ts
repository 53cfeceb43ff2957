/** What every view is made from. */
import type { Facts } from "../facts.ts";
import type { ImageUris } from "../images.ts";

export interface Present {
  facts: Facts;
  images: ImageUris;
}
