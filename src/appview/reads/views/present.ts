/** What every view is made from. */
import type { Facts } from "../facts.ts";
import type { ImageUris } from "../../images.ts";

/** All that a view of pictures needs. */
export interface Pictures {
  images: ImageUris;
}
export interface Present extends Pictures {
  facts: Facts;
}
