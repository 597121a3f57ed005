/**
 * The tour: every program of this folder, run for real and compared with what it should print. `npm start` runs it.
 *
 *     npm start                    all of them
 *     npm start -- lock relay      those whose names contain "lock" or "relay"
 *
 * The exit code is 0 when each printed what it should.
 */
import { programs } from './programs.ts';
import { runTour } from './tour.ts';

const wanted = process.argv.slice(2);
const chosen = Object.entries(programs).filter(
  ([name]) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
);
if (chosen.length === 0) {
  console.error(`No program is named so. There are:\n  ${Object.keys(programs).join('\n  ')}`);
  process.exit(2);
}
const held = await runTour(Object.fromEntries(chosen));
// Where all is well the process ends by itself, for no program has left anything behind; else one may be running still.
if (!held) process.exit(1);
