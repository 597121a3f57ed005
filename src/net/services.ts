/**
 * Services by name and by port, as the system's own file lists them: Node does not tell.
 *
 * A system without that file knows no services, and neither does Python there. Source: man services(5).
 */
import { readFile } from 'node:fs';
import { join } from 'node:path';
import type { Done, Operation } from '../core/channel.ts';

/** What a service is reached through. */
export type ServiceKind = 'tcp' | 'udp';

const FILE =
  process.platform === 'win32'
    ? join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'drivers', 'etc', 'services')
    : '/etc/services';

export class Services {
  readonly #ports = new Map<string, number>();
  readonly #names = new Map<string, string>();

  /** @param text such as a services file holds: `name port/kind alias... # comment`, line by line. The first to say a thing is right. */
  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [name, where = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
      const [, port, kind] = /^(\d+)\/(\w+)$/.exec(where) ?? [];
      if (name === undefined || port === undefined) continue;
      if (!this.#names.has(`${Number(port)}/${kind}`)) this.#names.set(`${Number(port)}/${kind}`, name);
      for (const one of [name, ...aliases]) {
        if (!this.#ports.has(`${one}/${kind}`)) this.#ports.set(`${one}/${kind}`, Number(port));
      }
    }
  }

  port(name: string, kind: ServiceKind): number | undefined {
    return this.#ports.get(`${name}/${kind}`);
  }

  name(port: number, kind: ServiceKind): string | undefined {
    return this.#names.get(`${port}/${kind}`);
  }
}

/** Read the services of this system. It never fails. */
export function readServices(done: Done<Services>): Operation {
  let cancelled = false;
  readFile(FILE, 'utf8', (error, text) => {
    if (!cancelled) done({ value: new Services(error === null ? text : '') });
  });
  return {
    cancel() {
      cancelled = true;
    },
  };
}
