/**
 * What Linux tells of a socket by its descriptor, and Node does not: the path of a Unix socket, the family of a socket of datagrams.
 *
 * Elsewhere nothing is known. Source: proc(5), `/proc/pid/fd`, `/proc/pid/net`.
 */
import { readFileSync, readlinkSync } from 'node:fs';

/** The path of a Unix socket, empty where it has none; `null` where it is no Unix socket, or that is not known. */
export function unixPathOf(fd: number): string | null {
  // Num RefCount Protocol Flags Type St Inode Path
  const fields = lineOf(fd, 'unix', 6);
  if (fields === null) return null;
  const path = fields.slice(7).join(' ');
  // A zero is shown as @.
  return path.startsWith('@') ? `\0${path.slice(1)}` : path;
}

/** The family of a socket of datagrams that is bound; `null` where that is not known. */
export function datagramFamilyOf(fd: number): 4 | 6 | null {
  // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
  if (lineOf(fd, 'udp', 9) !== null) return 4;
  return lineOf(fd, 'udp6', 9) === null ? null : 6;
}

/** The line of a socket in a table of the system, in its parts; the inode is the one at `place`. */
function lineOf(fd: number, table: string, place: number): string[] | null {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
    if (inode === undefined) return null;
    for (const line of readFileSync(`/proc/self/net/${table}`, 'utf8').split('\n')) {
      const fields = line.trim().split(/ +/);
      if (fields[place] === inode) return fields;
    }
  } catch {
    // Not on Linux, or not allowed.
  }
  return null;
}
