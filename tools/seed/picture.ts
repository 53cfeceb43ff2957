/** Draws small pictures, always the same for the same text: a sky, a sun, and waves in three colours. */
import { crc32, deflateSync } from "node:zlib";
import { randomFrom } from "./random.ts";

type Colour = readonly [red: number, green: number, blue: number];

export interface Picture {
  bytes: Uint8Array;
  width: number;
  height: number;
}

/** Draws a PNG; sizes in pixels. */
export function drawPicture(text: string, width: number, height: number): Picture {
  const pixels = paint(text, width, height);
  const rows = Buffer.alloc(height * (width * 3 + 1));
  for (let y = 0; y < height; y++) {
    // Each row begins with its filter: 0, none (PNG specification, section 9).
    rows.set(pixels.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const bytes = Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  return { bytes: new Uint8Array(bytes), width, height };
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "ascii"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

function paint(text: string, width: number, height: number): Uint8Array {
  const random = randomFrom(text);
  const hue = random() * 360;
  const [top, bottom] = [colour(hue, 0.65, 0.78), colour(hue + 40, 0.8, 0.62)];
  const sun = {
    x: width * (0.25 + random() * 0.5),
    y: height * (0.22 + random() * 0.2),
    r: height * (0.1 + random() * 0.1),
  };
  const sunlight = colour(hue + 70, 0.95, 0.88);
  const waves = [0.58, 0.72, 0.86].map((level, i) => ({
    level: height * (level + (random() - 0.5) * 0.06),
    swing: height * (0.02 + random() * 0.04),
    length: (Math.PI * 2 * (1 + Math.floor(random() * 3))) / width,
    shift: random() * Math.PI * 2,
    colour: colour(hue + 160 + i * 14, 0.55, 0.5 - i * 0.12),
  }));
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const sky = mix(top, bottom, y / height);
    for (let x = 0; x < width; x++) {
      const wave = waves.findLast(
        ({ level, swing, length, shift }) => y > level + swing * Math.sin(x * length + shift),
      );
      const edge = Math.hypot(x - sun.x, y - sun.y) - sun.r;
      // One pixel of softness smooths the sun's edge.
      const shine = Math.min(1, Math.max(0, 0.5 - edge));
      pixels.set(wave?.colour ?? (shine > 0 ? mix(sky, sunlight, shine) : sky), (y * width + x) * 3);
    }
  }
  return pixels;
}

function mix(a: Colour, b: Colour, share: number): Colour {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

/** Converts hue (degrees), saturation and lightness (0 to 1) to RGB, as in CSS Color 4. */
function colour(hue: number, saturation: number, lightness: number): Colour {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const part = (n: number) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}
