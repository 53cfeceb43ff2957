/** A name such as "Firefox on Linux", as far as the user agent tells. */
export function browserName(userAgent: string | null): string {
  const agent = userAgent ?? "";
  const browser = [
    ["Edg", "Edge"],
    ["OPR", "Opera"],
    ["Firefox", "Firefox"],
    ["FxiOS", "Firefox"],
    ["CriOS", "Chrome"],
    ["Chrome", "Chrome"],
    ["Safari", "Safari"],
  ].find(([sign = ""]) => agent.includes(sign))?.[1];
  const system = [
    ["Android", "Android"],
    ["iPhone", "iPhone"],
    ["iPad", "iPad"],
    ["Mac OS", "macOS"],
    ["Windows", "Windows"],
    ["CrOS", "ChromeOS"],
    ["Linux", "Linux"],
  ].find(([sign = ""]) => agent.includes(sign))?.[1];
  if (browser === undefined) return system === undefined ? "A browser" : `A browser on ${system}`;
  return system === undefined ? browser : `${browser} on ${system}`;
}
