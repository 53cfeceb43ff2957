/**
 * A community's colour and mark. The colour is any; what is written on it, and with it, always has the contrast that
 * WCAG 2.2 AA asks for (4.5 : 1). The mark is an atoll seen from above, shaped by the community's name.
 */

type Rgb = [red: number, green: number, blue: number];

const WHITE: Rgb = [255, 255, 255];
/** The page itself, by day and by night: what coloured text stands on. */
const PAPER: Rgb = [255, 255, 255];
const NIGHT: Rgb = [20, 24, 31];

const CONTRAST = 4.6;
/** Thin strokes of colour fade on dark ground: more than the least. */
const NIGHT_CONTRAST = 6.5;
/** Of a colour with white: under it, darkening would leave little of a yellow or a lime, so ink is written on it. */
const BRIGHT = 3;
/** Of a button with the night around it. */
const LIT = 2;
const INK: Rgb = [14, 18, 24];

const DEFAULT_COLOUR = "#0e7c86";

/** Null when it is no `#rrggbb`. */
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

/** WCAG 2.2, "contrast ratio": 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

const mix = (a: Rgb, b: Rgb, share: number): Rgb => [
  Math.round(a[0] + (b[0] - a[0]) * share),
  Math.round(a[1] + (b[1] - a[1]) * share),
  Math.round(a[2] + (b[2] - a[2]) * share),
];

/** The colour, moved towards `end` until it can be read on `ground`. */
function readable(colour: Rgb, ground: Rgb, end: Rgb, enough = CONTRAST): Rgb {
  for (let share = 0; share < 1; share += 0.04) {
    const moved = mix(colour, end, share);
    if (contrast(moved, ground) >= enough) return moved;
  }
  return end;
}

const hex = (colour: Rgb) => `#${colour.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;

export interface Theme {
  /** Buttons and the wash: the colour as it was given, or a little darker. */
  brand: string;
  /** What is written on it: white, or ink where the colour is a bright one. */
  on: string;
  /** Buttons by night: no colour so dark that it is lost there. */
  lit: string;
  /** Links and rings on paper, and by night. */
  ink: string;
  night: string;
  /** The wash's deep end, under white text; and its end where it is but a strip, under the community's name. */
  deep: string;
  end: string;
  /** Its shallow end. */
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

/** Numbers from 0 to 1, always the same for the same text (FNV-1a, then xorshift). */
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
 * The closed outline of an island around the middle of a 100 by 100 field: a smooth ring through points that wander by
 * `wild`. The same name has the same shore at every size.
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
