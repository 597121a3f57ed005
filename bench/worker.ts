/**
 * One measurement in a process of its own: `worker.ts SYSTEM SCENARIO SIZE WARM_SIZE BUDGET`.
 *
 * Warms up with runs at WARM_SIZE for BUDGET seconds, then measures runs at SIZE for BUDGET seconds; each takes one run at
 * least. Prints the median of the measured runs as one line of JSON. `systems/cpython.py` keeps the same rules.
 */
import { now, type Sample, type System } from './work.ts';

const [file, name, size, warmSize, budget] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const { system } = (await import(`./systems/${file}`)) as { system: System };
const scenario = system[name];
if (scenario === undefined) throw new Error(`${file} has no scenario ${name}`);

await repeat(Number(warmSize));
const samples = await repeat(Number(size));
samples.sort((a, b) => a.seconds - b.seconds);
const median = samples[samples.length >> 1] as Sample;
console.log(JSON.stringify({ ...median, runs: samples.length }));
process.exit(0);

async function repeat(at: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const end = now() + Number(budget);
  do samples.push(await (scenario as (size: number) => Promise<Sample>)(at));
  while (now() < end);
  return samples;
}
