/**
 * A query that is cancelled takes nothing with it: the connection answers what it is asked next, and nothing else. For each engine: a thousand
 * cancellations at moments chosen by a seed, then a thousand answers.
 */
import assert from 'node:assert/strict';
import type * as databases from '../../src/databases/index.ts';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { hostTurn, onSockets } from '../net/kit.ts';
import { INSERT, type TestEngine, testEngines, withScores } from './engines.ts';

const { scenario } = await onSockets(import.meta.url);
const scores = asyncio.coroutine(withScores);

const CANCELLATIONS = 1000;
const ANSWERS = 1000;
const SEED = Number(process.env['ASYNCIO_TEST_SEED'] ?? 20_260_101);

/** A small generator of numbers from 0 to 1, the same ones each time. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Let some turns of Node's loop pass: as many as an answer may take, or fewer, or more. */
const someTurns = asyncio.coroutine(function* (count: number) {
  for (let i = 0; i < count; i++) yield* hostTurn();
});

/** Everything that a connection can be asked, each with an answer of its own. */
const asks: readonly ((database: databases.Database, n: number) => asyncio.CoroutineObject<unknown>)[] = [
  (database, n) => database.fetchVal('SELECT :n + 0 AS n', { n }),
  (database, n) => database.fetchAll('SELECT :n + 0 AS n, name FROM scores', { n }),
  (database, n) => database.fetchOne('SELECT :n + 0 AS n', { n }),
  (database, n) => database.execute('UPDATE scores SET score = score + 1 WHERE score = :n', { n }),
  (database, n) =>
    database.executeMany(INSERT, [
      { name: `many ${n}`, score: n },
      { name: `more ${n}`, score: n },
    ]),
  (database) =>
    asyncio.asyncWith(database.transaction(), function* () {
      yield* database.execute('UPDATE scores SET score = score + 1 WHERE id = 1');
      yield* database.fetchVal('SELECT 1');
    }),
  (database) => asyncio.asyncFor(database.iterate('SELECT name FROM scores ORDER BY id'), () => {}),
];

const cancelAtRandom = asyncio.coroutine(function* (database: databases.Database, seed: number) {
  const random = numbers(seed);
  let cancelled = 0;
  for (let n = 0; cancelled < CANCELLATIONS; n++) {
    const ask = asks[Math.floor(random() * asks.length)] as (typeof asks)[0];
    const task = asyncio.createTask(ask(database, n));
    yield* someTurns(Math.floor(random() ** 2 * 12));
    task.cancel();
    yield* asyncio.wait([task]);
    if (task.cancelled()) cancelled++;
    // Now and then the next is asked when all has settled.
    else assert.equal(task.exception(), null);
    if (random() < 0.1) yield* someTurns(20);
  }
});

for (const engine of await testEngines()) {
  const { name: on, skip } = engine;

  scenario(
    `${on}: after ${CANCELLATIONS} cancellations at random moments the next ${ANSWERS} answers are the right ones`,
    function* () {
      const database = yield* scores(engine, { maxSize: 2 });
      yield* database.executeMany(
        INSERT,
        Array.from({ length: 40 }, (_, n) => ({ name: `n${n}`, score: -n })),
      );
      yield* cancelAtRandom(database, SEED);
      for (let n = 0; n < ANSWERS; n++) {
        assert.equal(yield* database.fetchVal('SELECT :n + 0 AS n', { n }), n);
      }
      // No transaction was left open, and none half done.
      assert.equal(yield* database.execute('SELECT count(*) FROM scores WHERE id = 1'), 1);
      const odd = 'SELECT count(*) FROM scores WHERE name LIKE :many';
      const many = yield* database.fetchVal(odd, { many: 'many %' });
      assert.equal(many, yield* database.fetchVal(odd, { many: 'more %' }));
      yield* database.execute('DROP TABLE scores');
      assert.ok(database.statistics().size <= 2);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: a query that takes for ever ends at once for who gives it up, and its connection answers again`,
    function* () {
      const database = yield* scores({ ...engine, url: engine.own() }, { maxSize: 1 });
      const error = yield* thrownBy(asyncio.waitFor(database.fetchAll(engine.forever), 0.05));
      assert.ok(error instanceof asyncio.TimeoutError, String(error));
      assert.equal(yield* database.fetchVal('SELECT 1'), 1);
      assert.deepEqual({ ...database.statistics() }, { size: 1, idle: 1, waiting: 0 });
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: a transaction whose query is cancelled is rolled back, and its connection goes on`,
    function* () {
      const database = yield* scores({ ...engine, url: engine.own() }, { maxSize: 1 });
      const work = function* () {
        yield* asyncio.asyncWith(database.transaction(), function* () {
          yield* database.execute(INSERT, { name: 'Daisy', score: 1 });
          yield* database.fetchAll(engine.forever);
        });
      };
      const error = yield* thrownBy(
        asyncio.waitFor(
          asyncio.createTask(() => work()),
          0.05,
        ),
      );
      assert.ok(error instanceof asyncio.TimeoutError, String(error));
      assert.equal(yield* database.fetchVal('SELECT count(*) FROM scores'), 0);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: cancelled before it begins, nothing is asked; who waits for a connection and is cancelled is passed over`,
    function* () {
      const database = yield* scores(engine, { maxSize: 1 });
      const early = asyncio.createTask(database.execute(INSERT, { name: 'early', score: 1 }));
      early.cancel();
      yield* asyncio.wait([early]);
      assert.equal(early.cancelled(), true);
      const order: string[] = [];
      const taking = function* (name: string) {
        yield* asyncio.asyncWith(database.connection(), function* (connection) {
          order.push(name);
          yield* connection.fetchVal('SELECT 1');
          yield* asyncio.sleep(0);
        });
      };
      const tasks = ['a', 'b', 'c', 'd'].map((name) => asyncio.createTask(() => taking(name), { name }));
      yield* asyncio.sleep(0);
      yield* asyncio.sleep(0);
      assert.equal(database.statistics().waiting, 3);
      tasks[1]?.cancel();
      yield* asyncio.wait(tasks);
      assert.deepEqual(order, ['a', 'c', 'd']);
      assert.equal(yield* database.fetchVal('SELECT count(*) FROM scores'), 0);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: an iteration that is cancelled ends on the server too`,
    function* () {
      const database = yield* scores(engine, { maxSize: 1 });
      yield* database.executeMany(
        INSERT,
        Array.from({ length: 500 }, (_, n) => ({ name: `n${n}`, score: n })),
      );
      const rows = 'SELECT a.id FROM scores a CROSS JOIN scores b CROSS JOIN scores c';
      let seen = 0;
      const read = function* () {
        yield* asyncio.asyncFor(database.iterate(rows), function* () {
          seen++;
          if (seen === 100) asyncio.currentTask()?.cancel();
          if (seen > 99) yield* asyncio.sleep(0);
        });
      };
      const task = asyncio.createTask(() => read());
      yield* asyncio.wait([task]);
      if (!task.cancelled()) throw task.exception();
      assert.equal(seen, 100);
      assert.equal(yield* database.fetchVal('SELECT count(*) FROM scores'), 500);
      assert.deepEqual({ ...database.statistics() }, { size: 1, idle: 1, waiting: 0 });
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: a commit that is interrupted gives its connection up`,
    function* () {
      const database = yield* scores(engine, { maxSize: 1 });
      const transaction = yield* database.transaction();
      yield* database.execute(INSERT, { name: 'Daisy', score: 1 });
      const commit = asyncio.createTask(transaction.commit());
      yield* asyncio.sleep(0);
      commit.cancel();
      yield* asyncio.wait([commit]);
      assert.equal(commit.cancelled(), true);
      // Done or not, that is the database's to know; the next connection is sound.
      const count = yield* database.fetchVal<number>('SELECT count(*) FROM scores');
      assert.ok(count === 0 || count === 1);
      assert.equal(yield* database.fetchVal('SELECT 5'), 5);
      yield* database.disconnect();
    },
    skip,
  );
}

/** Wait until so many endless queries run on the server. */
const running = asyncio.coroutine(function* running(
  database: databases.Database,
  { name }: TestEngine,
  count: number,
) {
  const query =
    name === 'PostgreSQL'
      ? "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(6%'"
      : "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(6%'";
  while ((yield* database.fetchVal(query)) !== count) yield* hostTurn();
});

const servers = (await testEngines()).filter(({ server }) => server !== null);

for (const engine of servers) {
  const { name: on, skip } = engine;

  scenario(
    `${on}: what is cancelled does not run on at the server`,
    function* () {
      const database = yield* scores(engine);
      const task = asyncio.createTask(database.fetchAll(engine.forever));
      yield* running(database, engine, 1);
      task.cancel();
      yield* asyncio.wait([task]);
      yield* running(database, engine, 0);
      yield* database.disconnect();
    },
    skip,
  );
}
