/** Listening to the warnings of the process, `RuntimeWarning` among them; while someone listens they are not printed. */

/** Run `body`, let what can be collected be collected. @returns the warnings that came meanwhile. */
export async function warningsOf(body: () => unknown): Promise<Error[]> {
  const warnings: Error[] = [];
  const others = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => warnings.push(warning));
  try {
    await body();
    await collect();
  } finally {
    process.removeAllListeners('warning');
    for (const listener of others) process.on('warning', listener);
  }
  return warnings;
}

/** Let everything that can be collected be collected, and those be told who want to know. */
export async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    global.gc?.();
  }
  await new Promise((resolve) => setImmediate(resolve));
}
