/** Connections: how many there are, whose turn it is, what happens when the server goes away; and how a database begins and ends. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import * as databases from '../../src/databases/index.ts';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { Child } from '../child.ts';
import { hostTurn, onSockets, until } from '../net/kit.ts';
import { DAISY, INSERT, testEngines, withScores } from './engines.ts';

const { scenario, style } = await onSockets(import.meta.url);
const scores = asyncio.coroutine(withScores);

for (const engine of await testEngines()) {
  const { name: on, skip, server } = engine;

  scenario(
    `${on}: minSize connections are opened at once, maxSize are the most, and who comes first is served first`,
    function* () {
      const database = new databases.Database(engine.url, { minSize: 2, maxSize: 2 });
      assert.equal(database.isConnected, false);
      yield* database.connect();
      yield* database.connect();
      assert.equal(database.isConnected, true);
      assert.deepEqual({ ...database.statistics() }, { size: 2, idle: 2, waiting: 0 });
      const order: number[] = [];
      const use = function* (n: number) {
        yield* asyncio.asyncWith(database.connection(), function* (connection) {
          order.push(n);
          assert.equal(yield* connection.fetchVal('SELECT :n + 0 AS n', { n }), n);
        });
      };
      const tasks = Array.from({ length: 12 }, (_, n) => asyncio.createTask(() => use(n)));
      yield* asyncio.wait(tasks);
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      );
      assert.deepEqual({ ...database.statistics() }, { size: 2, idle: 2, waiting: 0 });
      yield* database.disconnect();
      yield* database.disconnect();
      assert.deepEqual({ ...database.statistics() }, { size: 0, idle: 0, waiting: 0 });
    },
    skip,
  );

  scenario(
    `${on}: not connected, it says so; disconnect waits for those who use it, and lets nobody else in`,
    function* () {
      const database = new databases.Database(engine.url, { maxSize: 1 });
      const early = yield* thrownBy(database.fetchVal('SELECT 1'));
      assert.match(String(early), /InterfaceError: the database \S+ is not connected: await connect\(\)/);
      yield* database.connect();
      const entered = new asyncio.Event();
      const leave = new asyncio.Event();
      const user = asyncio.createTask(
        asyncio.coroutine(function* () {
          return yield* asyncio.asyncWith(database.connection(), function* (connection) {
            entered.set();
            yield* leave.wait();
            return yield* connection.fetchVal('SELECT 5');
          });
        })(),
      );
      yield* entered.wait();
      const waiting = asyncio.createTask(database.fetchVal('SELECT 1'));
      yield* asyncio.sleep(0);
      const end = asyncio.createTask(database.disconnect());
      assert.match(String(yield* thrownBy(waiting)), /InterfaceError: the database is being disconnected/);
      assert.equal(end.done(), false);
      leave.set();
      assert.equal(yield* user, 5);
      yield* end;
      // Inside of its own connection it would wait for itself.
      yield* database.connect();
      yield* asyncio.asyncWith(database.connection(), function* () {
        assert.match(
          String(yield* thrownBy(database.disconnect())),
          /RuntimeError: disconnect\(\) inside of/,
        );
      });
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: asyncWith connects and disconnects, also where the body fails`,
    function* () {
      const database = new databases.Database(engine.url);
      const one = yield* asyncio.asyncWith(database, function* (connected) {
        assert.equal(connected, database);
        return yield* connected.fetchVal('SELECT 1');
      });
      assert.equal(one, 1);
      const failed = asyncio.asyncWith(database, function* () {
        throw new asyncio.ValueError('no');
      });
      assert.match(String(yield* thrownBy(failed)), /ValueError: no/);
      assert.equal(database.isConnected, false);
    },
    skip,
  );

  test(`${on}: a database belongs to the loop in which it was connected`, { skip }, async () => {
    const database = new databases.Database(engine.url);
    const runner = new asyncio.Runner();
    await runner.run(database.connect());
    const error = await asyncio.run(() => thrownBy(database.fetchVal('SELECT 1')));
    assert.match(String(error), /RuntimeError: this database was connected in a different event loop/);
    assert.throws(() => database.connection(), /no running event loop/);
    await runner.run(database.disconnect());
    await runner.close();
  });

  test(`${on}: a program that forgets to disconnect ends all the same`, { skip }, async () => {
    const module = JSON.stringify(new URL('../../src/databases/index.ts', import.meta.url).href);
    const child = new Child(`
      const { Database } = await import(${module});
      const database = new Database(${JSON.stringify(engine.url)});
      await asyncio.run(async () => {
        await database.connect();
        console.log(await database.fetchVal('SELECT 1'));
      });
      console.log('end');
    `);
    const { status, stdout, stderr } = await child.ended();
    assert.equal(stderr, '');
    assert.equal(stdout, '1\nend\n');
    assert.equal(status, 0);
  });

  if (server === null) continue;

  scenario(
    `${on}: when the server is killed it is told, and when it is back all goes on`,
    function* () {
      const database = yield* scores(engine, { minSize: 2, maxSize: 2 });
      yield* database.execute(INSERT, DAISY);
      const asking = asyncio.createTask(database.fetchAll(engine.forever));
      const transaction = yield* database.transaction();
      yield* database.execute('UPDATE scores SET score = 1');
      yield* asyncio.wrapFuture(server.kill());
      const cut = yield* thrownBy(asking);
      assert.ok(cut instanceof databases.OperationalError, String(cut));
      assert.match(cut.message, /^the connection to (postgresql|mysql):\/\/\S+ was lost: /);
      assert.ok(!cut.message.includes('secret'), cut.message);
      const within = yield* thrownBy(database.execute('UPDATE scores SET score = 2'));
      assert.ok(within instanceof databases.OperationalError, String(within));
      yield* transaction.rollback();
      const none = yield* thrownBy(database.fetchVal('SELECT 1'));
      assert.ok(none instanceof databases.OperationalError, String(none));
      assert.match(none.message, /^cannot connect to \S+: .*ECONNREFUSED/);
      assert.equal(none.code, 'ECONNREFUSED');
      assert.equal(database.statistics().size, 0);
      yield* asyncio.wrapFuture(server.restart());
      assert.equal(yield* database.fetchVal('SELECT score FROM scores'), 92);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: a connection that is lost while nobody uses it is not given to anybody`,
    function* () {
      const database = yield* scores(engine, { maxSize: 3 });
      const thread = yield* database.fetchVal<number>(
        on === 'PostgreSQL' ? 'SELECT pg_backend_pid()' : 'SELECT connection_id()',
      );
      const other = new databases.Database(engine.url);
      yield* other.connect();
      if (on === 'PostgreSQL') yield* other.execute('SELECT pg_terminate_backend(:thread)', { thread });
      else yield* other.execute(`KILL ${thread}`);
      yield* until(() => database.statistics().size === 0);
      assert.equal(yield* database.fetchVal('SELECT 5'), 5);
      yield* other.disconnect();
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: what cannot be connected to is told, without the password, and leaves nothing`,
    function* () {
      const url = new databases.DatabaseURL(engine.url).replace({
        username: 'kim',
        password: 'wr:o@ng',
        database: 'none',
      });
      const database = new databases.Database(url);
      const error = yield* thrownBy(database.connect());
      assert.ok(error instanceof databases.OperationalError, String(error));
      assert.match(error.message, /^cannot connect to \w+:\/\/kim:\*{8}@127\.0\.0\.1:\d+\/none: /);
      assert.equal(database.isConnected, false);
      const nobody = new databases.Database(new databases.DatabaseURL(engine.url).replace({ port: 1 }));
      assert.match(
        String(yield* thrownBy(nobody.connect())),
        /OperationalError: cannot connect to .*ECONNREFUSED/,
      );
    },
    skip,
  );

  scenario(
    `${on}: connecting is given up when it is cancelled`,
    function* () {
      const database = new databases.Database(engine.url, { minSize: 3, maxSize: 3 });
      for (let turns = 0; turns < 12; turns++) {
        const task = asyncio.createTask(database.connect());
        for (let i = 0; i < turns; i++) yield* hostTurn();
        task.cancel();
        yield* asyncio.wait([task]);
        if (!task.cancelled()) yield* database.disconnect();
        assert.equal(database.isConnected, false);
      }
      yield* database.connect();
      assert.equal(yield* database.fetchVal('SELECT 5'), 5);
      yield* database.disconnect();
    },
    skip,
  );
}

const [sqlite] = await testEngines();

scenario('nothing is left open: connecting and disconnecting many times costs no descriptor', function* () {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const database = new databases.Database(sqlite!.url, { minSize: 2 });
  let before = 0;
  for (let i = 0; i < 6; i++) {
    yield* database.connect();
    yield* database.fetchVal('SELECT 1');
    yield* database.disconnect();
    if (i === 2) before = open();
  }
  // Threads end after they have said goodbye.
  yield* until(() => open() <= before);
});

if (style === 'generator') {
  test('a database that nobody holds any more is told about', async () => {
    const warned: Error[] = [];
    const hear = (warning: Error) => warned.push(warning);
    process.on('warning', hear);
    await asyncio.run(async () => {
      const forget = async () => {
        const database = new databases.Database('sqlite://');
        await database.connect();
      };
      await asyncio.createTask(forget);
    });
    for (let i = 0; i < 100 && warned.length === 0; i++) {
      (globalThis as { gc?: () => void }).gc?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    process.removeListener('warning', hear);
    assert.match(String(warned[0]), /ResourceWarning: unclosed database sqlite:\/\/: disconnect\(\) it/);
  });

  for (const [url, driver] of [
    ['postgresql://localhost/x', 'pg'],
    ['mysql://localhost/x', 'mysql2'],
  ] as const) {
    test(`${driver} is loaded when it is needed, and asked for where it is missing`, async () => {
      const module = JSON.stringify(new URL('../../src/databases/index.ts', import.meta.url).href);
      const child = new Child(`
        import { registerHooks } from 'node:module';
        registerHooks({
          resolve(specifier, context, next) {
            if (specifier !== ${JSON.stringify(driver)}) return next(specifier, context);
            const error = new Error("Cannot find package '" + specifier + "' imported from here");
            throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
          },
        });
        const { Database } = await import(${module});
        const database = new Database(${JSON.stringify(url)});
        await asyncio.run(async () => {
          await database.connect().catch((error) => console.log(error.name, error.message));
        });
      `);
      const { stdout } = await child.ended();
      const told = `InterfaceError this kind of database needs the package ${driver}, which is not installed: npm install ${driver}\n`;
      assert.equal(stdout, told);
    });
  }
}
