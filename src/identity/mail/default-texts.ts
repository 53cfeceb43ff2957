/** Atoll's own texts of the host's mails, in each language. */
import { DE } from "./texts-de.ts";
import { EN } from "./texts-en.ts";

export const DEFAULT_TEXTS = { en: EN, de: DE };
