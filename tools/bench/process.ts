/** CPU and memory of processes, from Linux's /proc. On other systems, the figures are left out. */
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";

/** USER_HZ, the unit of /proc/<pid>/stat: 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** User and system CPU seconds of a process, over all its threads; null if not known. */
export function cpuSeconds(pid: number | null): number | null {
  const fields = pid === null ? null : statOf(pid);
  if (fields === null) return null;
  // utime and stime are fields 14 and 15.
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** The same for some processes and all below them, including those that have ended; null if none is known. */
export function treeCpuSeconds(roots: readonly (number | null)[]): number | null {
  const processes = new Map<number, { parent: number; ticks: number }>();
  for (const name of entriesOf("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const fields = statOf(Number(name));
    // Field 4 is the parent. Fields 14 to 17 are user and system time, of the process and of the children it
    // has waited for.
    if (fields === null) continue;
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    processes.set(Number(name), { parent: Number(fields[1]), ticks });
  }
  const below = (pid: number): number => {
    let ticks = processes.get(pid)?.ticks ?? 0;
    for (const [child, { parent }] of processes) if (parent === pid) ticks += below(child);
    return ticks;
  };
  const known = roots.filter((pid) => pid !== null).filter((pid) => processes.has(pid));
  return known.length === 0 ? null : known.reduce((sum, pid) => sum + below(pid), 0) / TICKS_A_SECOND;
}

/** CPU microseconds of a process's present threads, much finer than `cpuSeconds`; 0 if not known. */
export function threadMicroseconds(pid: number | null): number {
  const threads = pid === null ? [] : entriesOf(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ")[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + (each || 0), 0) / 1000;
}

/**
 * The fields of /proc/<pid>/stat from the third on. The name before them is in brackets and may contain
 * spaces.
 */
function statOf(pid: number): string[] | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Resets the peak for `peakMegabytes` to the current memory. */
export function resetPeak(pid: number | null): void {
  if (pid === null) return;
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Not allowed, or not Linux: the peak counts from the start of the process.
  }
}

/** Largest resident memory since the last reset, in MB (10^6 bytes); null if not known. */
export function peakMegabytes(pid: number | null): number | null {
  return field(pid, "VmHWM");
}

/** Resident memory now, in MB (10^6 bytes); null if not known. */
export function residentMegabytes(pid: number | null): number | null {
  return field(pid, "VmRSS");
}

function field(pid: number | null, name: string): number | null {
  const status = pid === null ? null : read(`/proc/${pid}/status`);
  const kibibytes = status?.match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))?.[1];
  return kibibytes === undefined ? null : (Number(kibibytes) * 1024) / 1e6;
}

/** Id of the process that listens on a TCP port of this machine; null if not known. */
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
