/**
 * The peak of this process's resident memory. On Linux it is read from the kernel's own account of the address space, because
 * `getrusage` begins with what the parent process held before this program was loaded (getrusage(2), execve(2)).
 */
import { readFileSync } from 'node:fs';

/** The most bytes that were resident at once since the program was loaded. */
export function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  if (line === null) throw new Error('no VmHWM in /proc/self/status');
  return Number(line[1]) * 1024;
}

/** Reports that `count` tasks are asleep now and what they cost, and ends the process while they sleep. */
export function reportSleepers(count: number): never {
  console.log(JSON.stringify({ bytes: peakBytes(), count }));
  process.exit(0);
}
