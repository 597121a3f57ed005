/**
 * A pipeline of two programs, `printf ... | sort` without a shell: what one writes is passed to the other, no faster than it takes it.
 *
 * A child's input is a `StreamWriter`, its output a `StreamReader`. `communicate` does all of it at once where there is nothing in between.
 * A child in a block (`asyncWith`) lives no longer than that, whatever happens.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'a pipeline of two subprocesses';

export async function generators() {
  const { PIPE } = asyncio.subprocess;

  /** Pass on what comes, line by line, in capitals. */
  function* pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
    yield* asyncio.asyncFor(reader, function* (line) {
      writer.write(new TextEncoder().encode(new TextDecoder().decode(line).toUpperCase()));
      yield* writer.drain();
    });
    writer.close(); // the end of its input
    yield* writer.waitClosed();
  }

  function* main(): asyncio.Coroutine<void> {
    const source = yield* asyncio.createSubprocessExec('printf', 'pear\\nfig\\napple\\n', { stdout: PIPE });
    const sorter = yield* asyncio.createSubprocessExec('sort', { stdin: PIPE, stdout: PIPE });
    const [, sorted] = yield* asyncio.gather(pump(source.stdout!, sorter.stdin!), sorter.stdout!.read());
    console.log(new TextDecoder().decode(sorted).trimEnd().split('\n').join(', '));
    console.log(`return codes: ${yield* source.wait()}, ${yield* sorter.wait()}`);

    const echo = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE });
    const [stdout, stderr] = yield* echo.communicate(new TextEncoder().encode('at once'));
    console.log(`communicate: '${new TextDecoder().decode(stdout!)}', ${stderr}`);

    const shell = yield* asyncio.createSubprocessShell('echo to stderr >&2; exit 3', { stderr: PIPE });
    const [, problem] = yield* shell.communicate();
    console.log(`shell: '${new TextDecoder().decode(problem!).trimEnd()}', return code ${shell.returncode}`);

    const sleeper = yield* asyncio.createSubprocessExec('sleep', '1000');
    sleeper.terminate();
    console.log(`ended by SIGTERM: ${yield* sleeper.wait()}`);

    const forgotten = yield* asyncio.createSubprocessExec('sleep', '1000');
    yield* asyncio.asyncWith(forgotten, function* () {});
    console.log(`killed at the end of its block: ${forgotten.returncode}`);

    try {
      yield* asyncio.createSubprocessExec('no-such-program');
    } catch (error) {
      console.log(String(error));
    }
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  const { PIPE } = asyncio.subprocess;

  /** Pass on what comes, line by line, in capitals. */
  async function pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    for await (const line of reader) {
      writer.write(new TextEncoder().encode(new TextDecoder().decode(line).toUpperCase()));
      await writer.drain();
    }
    writer.close(); // the end of its input
    await writer.waitClosed();
  }

  async function main() {
    const source = await asyncio.createSubprocessExec('printf', 'pear\\nfig\\napple\\n', { stdout: PIPE });
    const sorter = await asyncio.createSubprocessExec('sort', { stdin: PIPE, stdout: PIPE });
    const [, sorted] = await asyncio.gather(() => pump(source.stdout!, sorter.stdin!), sorter.stdout!.read());
    console.log(new TextDecoder().decode(sorted).trimEnd().split('\n').join(', '));
    console.log(`return codes: ${await source.wait()}, ${await sorter.wait()}`);

    const echo = await asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE });
    const [stdout, stderr] = await echo.communicate(new TextEncoder().encode('at once'));
    console.log(`communicate: '${new TextDecoder().decode(stdout!)}', ${stderr}`);

    const shell = await asyncio.createSubprocessShell('echo to stderr >&2; exit 3', { stderr: PIPE });
    const [, problem] = await shell.communicate();
    console.log(`shell: '${new TextDecoder().decode(problem!).trimEnd()}', return code ${shell.returncode}`);

    const sleeper = await asyncio.createSubprocessExec('sleep', '1000');
    sleeper.terminate();
    console.log(`ended by SIGTERM: ${await sleeper.wait()}`);

    const forgotten = await asyncio.createSubprocessExec('sleep', '1000');
    await asyncio.asyncWith(forgotten, async () => {});
    console.log(`killed at the end of its block: ${forgotten.returncode}`);

    try {
      await asyncio.createSubprocessExec('no-such-program');
    } catch (error) {
      console.log(String(error));
    }
  }

  await asyncio.run(main);
}

export const output = [
  'APPLE, FIG, PEAR',
  'return codes: 0, 0',
  "communicate: 'at once', null",
  "shell: 'to stderr', return code 3",
  'ended by SIGTERM: -15',
  'killed at the end of its block: -9',
  "FileNotFoundError: [Errno 2] No such file or directory: 'no-such-program'",
];
