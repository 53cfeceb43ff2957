import { LaunchError } from "./ports.ts";

/** The origin of a host as people write it. Refuses text that names no host. */
export function originOf(host: string): string {
  const local = /^(localhost|127\.0\.0\.1)(:|$)/.test(host);
  const url = URL.parse(host.includes("://") ? host : `${local ? "http" : "https"}://${host}`);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new LaunchError(`${host} is no host.`);
  return url.origin;
}
