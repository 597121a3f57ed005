/**
 * HTTP requests, the client against its peers on the same work: `npm run bench:http -- [--repetitions N] [--requests N]`.
 *
 * A server of Node, in a process of its own, answers small bodies at once. Every client asks it the same number of times, from as many coroutines as the
 * row says, sends the same headers, and reads each body as text. Bare undici is its `request()` with a `Pool` of as many connections, which is how it
 * is fastest. The clients of JavaScript share one process and take turns; aiohttp's has one of its own. Shown are the median times for one request: those
 * of the clock and those of the processor that the client used.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { linkOurselves } from './systems.ts';

const WIDTHS = [1, 10, 100];

if (process.argv[2] === '--serve') serve();
else await main();

function serve(): void {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/plain');
    response.end('hello world');
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      repetitions: { type: 'string', default: '15' },
      requests: { type: 'string', default: '4000' },
    },
  });
  const repetitions = Number(values.repetitions);
  const requests = Number(values.requests);
  linkOurselves();
  const { measureClients } = await import('./systems/http_clients.ts');
  const server = spawn(process.execPath, [fileURLToPath(import.meta.url), '--serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const url = `http://127.0.0.1:${Number(line.toString())}/`;
    console.log('| requests at once | client | time | times ours | processor | times ours |');
    console.log('| ---: | --- | ---: | ---: | ---: | ---: |');
    for (const width of WIDTHS) {
      const figures = await measureClients(url, width, requests, repetitions);
      const ours = figures.get('asyncio-ts');
      for (const [name, { wall, cpu }] of figures) {
        const times = [wall / (ours?.wall ?? 0), cpu / (ours?.cpu ?? 0)].map(
          (ratio) => `${ratio.toFixed(2)}×`,
        );
        console.log(
          `| ${width} | ${name} | ${wall.toFixed(1)} µs | ${times[0]} | ${cpu.toFixed(1)} µs | ${times[1]} |`,
        );
      }
    }
  } finally {
    server.kill();
  }
}
