/** Replaces `unicode-segmenter/grapheme` (`ALIASES` in `bundle.ts`): the runtime counts graphemes itself. */
export { getGraphemeLength as countGraphemes } from "../../protocol/graphemes.ts";
