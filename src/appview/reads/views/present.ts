/** The inputs of every view. */
import type { Facts } from "../facts.ts";
import type { ImageUris } from "../../images.ts";

/** The input of views that show only media. */
export interface Pictures {
  images: ImageUris;
}
export interface Present extends Pictures {
  facts: Facts;
}
