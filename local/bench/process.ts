/** What a process has cost, from the kernel's own accounting (Linux /proc). Elsewhere the figures are left out. */
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";

/** USER_HZ: the unit of /proc/<pid>/stat, 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** User and system CPU seconds of a process, all its threads together; null where that is not known. */
export function cpuSeconds(pid: number | null): number | null {
  const stat = pid === null ? null : read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name stands in brackets and may hold blanks: count fields from behind it (utime and stime are fields 14 and 15).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** Makes the current memory the new starting point of `peakMegabytes`. */
export function resetPeak(pid: number | null): void {
  if (pid === null) return;
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Not allowed, or not Linux: the peak then counts from the start of the process.
  }
}

/** Largest resident memory since the last reset, in MB (10^6 bytes). */
export function peakMegabytes(pid: number | null): number | null {
  return field(pid, "VmHWM");
}

function field(pid: number | null, name: string): number | null {
  const status = pid === null ? null : read(`/proc/${pid}/status`);
  const kibibytes = status?.match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))?.[1];
  return kibibytes === undefined ? null : (Number(kibibytes) * 1024) / 1e6;
}

/** The process that listens on a TCP port of this machine. */
export function listenerOf(port: number): number | null {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of (read(table) ?? "").split("\n").slice(1)) {
      const columns = line.trim().split(/\s+/);
      // State 0A is LISTEN.
      if (columns[3] === "0A" && columns[1]?.endsWith(`:${wanted}`) === true)
        inodes.add(`socket:[${columns[9]}]`);
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (holdsAny(pid, inodes)) return Number(pid);
  }
  return null;
}

function holdsAny(pid: string, links: Set<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return links.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
