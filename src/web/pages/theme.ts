/**
 * A community's colour and mark. Any colour will do: text on it, and text in it, always has the contrast that
 * WCAG 2.2 AA requires (4.5 : 1). The mark is an atoll seen from above; the community's name determines its
 * shape.
 */

type Rgb = [red: number, green: number, blue: number];

const WHITE: Rgb = [255, 255, 255];
/** The page's background by day and by night, behind coloured text. */
const PAPER: Rgb = [255, 255, 255];
const NIGHT: Rgb = [20, 24, 31];

const CONTRAST = 4.6;
/** Above the minimum, since thin strokes of colour fade on a dark background. */
const NIGHT_CONTRAST = 6.5;
/**
 * The contrast of a colour with white. Below it, darkening would leave little of a yellow or a lime, so dark
 * text is written on it instead.
 */
const BRIGHT = 3;
/** The contrast of a button with the night background. */
const LIT = 2;
const INK: Rgb = [14, 18, 24];

const DEFAULT_COLOUR = "#0e7c86";

/** Null if the text is not `#rrggbb`. */
export function parseColour(text: string): Rgb | null {
  const [, red = "", green = "", blue = ""] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text) ?? [];
  return red === ""
    ? null
    : [Number.parseInt(red, 16), Number.parseInt(green, 16), Number.parseInt(blue, 16)];
}

function luminance(colour: Rgb): number {
  const [red = 0, green = 0, blue = 0] = colour.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio (WCAG 2.2), from 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

const mix = (a: Rgb, b: Rgb, share: number): Rgb => [
  Math.round(a[0] + (b[0] - a[0]) * share),
  Math.round(a[1] + (b[1] - a[1]) * share),
  Math.round(a[2] + (b[2] - a[2]) * share),
];

/** The colour, moved towards `end` until it is readable on `ground`. */
function readable(colour: Rgb, ground: Rgb, end: Rgb, enough = CONTRAST): Rgb {
  for (let share = 0; share < 1; share += 0.04) {
    const moved = mix(colour, end, share);
    if (contrast(moved, ground) >= enough) return moved;
  }
  return end;
}

const hex = (colour: Rgb) => `#${colour.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;

export interface Theme {
  /** Buttons and the wash: the given colour, or a little darker. */
  brand: string;
  /** Text on `brand`: white, or ink if the colour is bright. */
  on: string;
  /** Buttons by night: light enough to stand out. */
  lit: string;
  /** Links and rings, on paper (`ink`) and by night (`night`). */
  ink: string;
  night: string;
  /**
   * The wash's deep end, under white text (`deep`), and its end as a narrow strip under the community's name
   * (`end`).
   */
  deep: string;
  end: string;
  /** The wash's shallow end. */
  shoal: string;
}

export function themeOf(colour: string): Theme {
  const given = parseColour(colour) ?? parseColour(DEFAULT_COLOUR) ?? NIGHT;
  const bright = contrast(given, WHITE) < BRIGHT;
  const brand = bright ? given : readable(given, WHITE, [0, 0, 0]);
  const deep = hex(mix(brand, [6, 14, 30], bright ? 0.68 : 0.55));
  return {
    brand: hex(brand),
    on: hex(bright ? INK : WHITE),
    lit: hex(readable(brand, NIGHT, WHITE, LIT)),
    ink: hex(readable(given, PAPER, [0, 0, 0])),
    night: hex(readable(given, NIGHT, WHITE, NIGHT_CONTRAST)),
    deep,
    end: bright ? hex(brand) : deep,
    shoal: hex(mix(brand, [214, 255, 244], 0.42)),
  };
}

/** Numbers from 0 to 1, reproducible for each text (FNV-1a, then xorshift). */
function* randomOf(text: string): Generator<number, never> {
  let state = 0x811c9dc5;
  for (const letter of text) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield (state >>> 0) / 0x1_0000_0000;
  }
}

/**
 * The closed outline of an island around the middle of a 100 by 100 field: a smooth ring through points that
 * vary by `wild`. The same name has the same shore at every size.
 */
export function shoreline(name: string, radius: number, wild: number): string {
  const random = randomOf(name);
  const count = 11;
  const waves = Array.from({ length: count }, () => 1 + (random.next().value - 0.5) * wild);
  const points = waves.map((wave, i): [number, number] => {
    const angle = (i / count) * 2 * Math.PI;
    return [50 + Math.cos(angle) * radius * wave, 50 + Math.sin(angle) * radius * wave];
  });
  const at = (i: number): [number, number] => points[(i + count) % count] ?? [50, 50];
  const [startX, startY] = at(0);
  // Catmull-Rom through the points, written as cubic curves.
  const curves = points.map((_, i) => {
    const [before, from, to, after] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const numbers = [
      from[0] + (to[0] - before[0]) / 6,
      from[1] + (to[1] - before[1]) / 6,
      to[0] - (after[0] - from[0]) / 6,
      to[1] - (after[1] - from[1]) / 6,
      to[0],
      to[1],
    ];
    return `C${numbers.map((number) => number.toFixed(1)).join(" ")}`;
  });
  return `M${startX.toFixed(1)} ${startY.toFixed(1)}${curves.join("")}Z`;
}
