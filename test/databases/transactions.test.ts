/** Transactions on every engine: as blocks, as decorators, by hand; nested, isolated, and each task in its own. */
import assert from 'node:assert/strict';
import * as databases from '../../src/databases/index.ts';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { onSockets } from '../net/kit.ts';
import { DAISY, INSERT, testEngines, withScores } from './engines.ts';

const { scenario } = await onSockets(import.meta.url);
const scores = asyncio.coroutine(withScores);

const COUNT = 'SELECT count(*) FROM scores';

for (const engine of await testEngines()) {
  const { name: on, skip } = engine;

  scenario(
    `${on}: a block commits, and rolls back where it fails`,
    function* () {
      const database = yield* scores(engine);
      const result = yield* asyncio.asyncWith(database.transaction(), function* (transaction) {
        assert.equal(transaction.isActive, true);
        yield* database.execute(INSERT, DAISY);
        return 'done';
      });
      assert.equal(result, 'done');
      assert.equal(yield* database.fetchVal(COUNT), 1);
      const failed = asyncio.asyncWith(database.transaction(), function* () {
        yield* database.execute('DELETE FROM scores');
        throw new asyncio.ValueError('no');
      });
      assert.match(String(yield* thrownBy(failed)), /ValueError: no/);
      assert.equal(yield* database.fetchVal(COUNT), 1);
      yield* asyncio.asyncWith(database.transaction({ forceRollback: true }), function* () {
        yield* database.execute('DELETE FROM scores');
        assert.equal(yield* database.fetchVal(COUNT), 0);
      });
      assert.equal(yield* database.fetchVal(COUNT), 1);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: within one another they are savepoints`,
    function* () {
      const database = yield* scores(engine);
      const add = function* (name: string) {
        yield* database.execute(INSERT, { name, score: 1 });
      };
      yield* asyncio.asyncWith(database.transaction(), function* () {
        yield* add('outer');
        const inner = asyncio.asyncWith(database.transaction(), function* () {
          yield* add('inner');
          yield* asyncio.asyncWith(database.transaction(), function* () {
            yield* add('innermost');
          });
          throw new asyncio.ValueError('inner');
        });
        yield* thrownBy(inner);
        assert.equal(yield* database.fetchVal(COUNT), 1);
        // Of a query that fails in a savepoint nothing is left either, and the outer one is whole.
        const doubled = asyncio.asyncWith(database.transaction(), function* () {
          yield* add('twice');
          yield* add('twice');
        });
        assert.ok((yield* thrownBy(doubled)) instanceof databases.IntegrityError);
        yield* asyncio.asyncWith(database.transaction(), function* () {
          yield* add('second');
        });
        const option = yield* thrownBy(database.transaction({ isolation: 'serializable' }).start());
        assert.match(
          String(option),
          /ProgrammingError: the option isolation is for the outermost transaction/,
        );
      });
      const names = yield* database.fetchAll('SELECT name FROM scores ORDER BY id');
      assert.deepEqual(names, [{ name: 'outer' }, { name: 'second' }]);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: by hand, in the order in which they began`,
    function* () {
      const database = yield* scores(engine);
      const transaction = yield* database.transaction();
      yield* database.execute(INSERT, DAISY);
      const inner = yield* database.transaction();
      assert.match(
        String(yield* thrownBy(transaction.commit())),
        /RuntimeError: another transaction has begun within this one/,
      );
      yield* inner.rollback();
      assert.match(
        String(yield* thrownBy(inner.commit())),
        /RuntimeError: the transaction has ended already/,
      );
      assert.equal(transaction.isActive, true);
      yield* transaction.commit();
      assert.equal(transaction.isActive, false);
      const second = yield* database.transaction();
      yield* database.execute('DELETE FROM scores');
      yield* second.rollback();
      assert.equal(yield* database.fetchVal(COUNT), 1);
      assert.deepEqual({ ...database.statistics() }, { size: 1, idle: 1, waiting: 0 });
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: a decorated function runs in a transaction of its own each time`,
    function* () {
      const database = yield* scores(engine);
      const add = database.transaction()(function* (name: string, score: number) {
        yield* database.execute(INSERT, { name, score });
        if (score < 0) throw new asyncio.ValueError('negative');
        return name;
      });
      assert.equal(yield* add('Daisy', 92), 'Daisy');
      assert.match(String(yield* thrownBy(add('Neil', -1))), /ValueError: negative/);
      const tasks = Array.from({ length: 5 }, (_, n) => asyncio.createTask(add(`n${n}`, n)));
      assert.deepEqual(yield* asyncio.gather(...tasks), ['n0', 'n1', 'n2', 'n3', 'n4']);
      assert.equal(yield* database.fetchVal(COUNT), 6);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: each task has a connection of its own, and sees nothing of what others have not committed`,
    function* () {
      const database = yield* scores(engine);
      const committed = new asyncio.Event();
      const inserted = new asyncio.Event();
      const other = asyncio.createTask(
        asyncio.coroutine(function* () {
          yield* inserted.wait();
          const before = yield* database.fetchVal(COUNT);
          committed.set();
          return before;
        })(),
      );
      const transaction = yield* database.transaction();
      yield* database.execute(INSERT, DAISY);
      const connection = database.connection();
      assert.equal(connection, database.connection());
      inserted.set();
      yield* committed.wait();
      assert.equal(yield* other, 0);
      assert.equal(database.statistics().size, 2);
      yield* transaction.commit();
      assert.equal(yield* database.fetchVal(COUNT), 1);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: a connection is the task's own for as long as it is entered, and has a transaction too`,
    function* () {
      const database = yield* scores(engine);
      yield* asyncio.asyncWith(database.connection(), function* (connection) {
        yield* connection.execute('CREATE TEMPORARY TABLE seen (id INTEGER)');
        yield* database.execute('INSERT INTO seen VALUES (5)');
        yield* thrownBy(
          asyncio.asyncWith(connection.transaction(), function* () {
            yield* connection.execute('DELETE FROM seen');
            throw new asyncio.ValueError('no');
          }),
        );
        assert.deepEqual(yield* connection.fetchAll('SELECT id FROM seen'), [{ id: 5 }]);
        yield* connection.execute('DROP TABLE seen');
      });
      assert.equal(database.statistics().idle, 1);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: with forceRollback all tasks share one connection, of which nothing stays`,
    function* () {
      const plain = yield* scores(engine);
      const database = new databases.Database(engine.url, { forceRollback: true });
      yield* database.connect();
      const add = function* (n: number) {
        yield* asyncio.asyncWith(database.connection(), function* (connection) {
          yield* connection.execute(INSERT, { name: `n${n}`, score: n });
        });
      };
      yield* asyncio.gather(...[1, 2, 3].map((n) => asyncio.createTask(() => add(n))));
      yield* asyncio.asyncWith(database.transaction(), function* () {
        yield* database.execute(INSERT, DAISY);
      });
      assert.equal(yield* database.fetchVal(COUNT), 4);
      assert.equal(database.statistics().size, 1);
      yield* database.disconnect();
      assert.equal(yield* plain.fetchVal(COUNT), 0);
      yield* plain.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: a transaction that was begun behind the library's back is rolled back before the connection goes on`,
    function* () {
      const database = yield* scores(engine, { maxSize: 1 });
      yield* database.execute('BEGIN');
      yield* asyncio.asyncWith(database.connection(), function* (connection) {
        if (on !== 'SQLite') yield* connection.execute('START TRANSACTION');
        else yield* connection.execute('BEGIN');
        yield* connection.execute(INSERT, DAISY);
      });
      assert.equal(yield* database.fetchVal(COUNT), 0);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: the isolation that is asked for is the one there is, or is refused`,
    function* () {
      const database = yield* scores(engine);
      yield* database.execute(INSERT, DAISY);
      if (on === 'SQLite') {
        const refused = yield* thrownBy(database.transaction({ isolation: 'read committed' }).start());
        assert.match(String(refused), /NotSupportedError: SQLite's transactions are serializable/);
        yield* asyncio.asyncWith(database.transaction({ mode: 'immediate' }), function* () {
          yield* database.execute('DELETE FROM scores');
        });
        yield* database.disconnect();
        return;
      }
      yield* asyncio.asyncWith(database.transaction({ isolation: 'repeatable read' }), function* () {
        const score = 'SELECT score FROM scores';
        assert.equal(yield* database.fetchVal(score), 92);
        yield* asyncio.createTask(database.execute('UPDATE scores SET score = 1'));
        assert.equal(yield* database.fetchVal(score), 92);
      });
      yield* asyncio.asyncWith(database.transaction({ isolation: 'read committed' }), function* () {
        const score = 'SELECT score FROM scores';
        assert.equal(yield* database.fetchVal(score), 1);
        yield* asyncio.createTask(database.execute('UPDATE scores SET score = 2'));
        assert.equal(yield* database.fetchVal(score), 2);
      });
      const writing = asyncio.asyncWith(database.transaction({ readOnly: true }), function* () {
        yield* database.execute('DELETE FROM scores');
      });
      assert.match(String(yield* thrownBy(writing)), /read.only transaction/i);
      const unknown = yield* thrownBy(
        database.transaction({ isolation: 'none; DROP TABLE scores' as never }).start(),
      );
      assert.match(String(unknown), /ValueError: isolation must be one of/);
      yield* database.disconnect();
    },
    skip,
  );
}

const [sqlite, postgres] = await testEngines();

scenario(
  'PostgreSQL: statements that the server keeps follow their tables',
  function* () {
    const database = yield* scores(postgres!, { statementCacheSize: 2, maxSize: 1 });
    yield* database.execute(INSERT, DAISY);
    const kept = 'SELECT count(*) FROM pg_prepared_statements';
    const all = 'SELECT * FROM scores';
    for (let i = 0; i < 3; i++) assert.deepEqual(yield* database.fetchAll(all), [{ id: 1, ...DAISY }]);
    assert.equal(yield* database.fetchVal(kept), 1);
    yield* database.execute('ALTER TABLE scores ADD COLUMN age INTEGER');
    for (let i = 0; i < 3; i++)
      assert.deepEqual(yield* database.fetchAll(all), [{ id: 1, ...DAISY, age: null }]);
    yield* database.execute('DEALLOCATE ALL');
    assert.deepEqual(yield* database.fetchAll(all), [{ id: 1, ...DAISY, age: null }]);
    // No more than there is room for, also where they cannot be planned.
    for (let i = 0; i < 12; i++) {
      yield* database.fetchVal(`SELECT ${i % 4}`);
      yield* thrownBy(database.fetchVal(`SELECT nothing${i % 2}`));
    }
    const count = yield* database.fetchVal<number>(kept);
    assert.ok(count !== null && count <= 3, String(count));
    assert.equal(yield* database.fetchVal('SELECT 5'), 5);
    yield* database.disconnect();
  },
  postgres!.skip,
);

scenario(
  'PostgreSQL: a transaction in which a query failed cannot be committed, and says so',
  function* () {
    const database = yield* scores(postgres!);
    const swallowed = asyncio.asyncWith(database.transaction(), function* () {
      yield* database.execute(INSERT, DAISY);
      yield* thrownBy(database.execute('SELECT nothing'));
    });
    assert.match(
      String(yield* thrownBy(swallowed)),
      /InternalError: the transaction had failed and was rolled back/,
    );
    assert.equal(yield* database.fetchVal(COUNT), 0);
    yield* database.disconnect();
  },
  postgres!.skip,
);

scenario(
  'SQLite: of a database in memory all connections see the same, and nothing is left of it',
  function* () {
    const database = new databases.Database('sqlite:///:memory:', { maxSize: 4 });
    yield* database.connect();
    yield* database.execute('CREATE TABLE scores (id INTEGER PRIMARY KEY, name TEXT, score INTEGER)');
    const add = function* (n: number) {
      yield* asyncio.asyncWith(database.transaction({ mode: 'immediate' }), function* () {
        yield* database.execute(INSERT, { name: `n${n}`, score: n });
      });
    };
    yield* asyncio.gather(...[1, 2, 3, 4].map((n) => asyncio.createTask(() => add(n))));
    assert.equal(yield* database.fetchVal(COUNT), 4);
    const other = new databases.Database('sqlite://');
    yield* other.connect();
    assert.match(String(yield* thrownBy(other.fetchVal(COUNT))), /OperationalError: no such table: scores/);
    yield* other.disconnect();
    yield* database.disconnect();
    yield* database.connect();
    assert.match(String(yield* thrownBy(database.fetchVal(COUNT))), /no such table/);
    yield* database.disconnect();
  },
);

scenario('SQLite: who writes waits for who writes, and is told when that takes too long', function* () {
  const database = yield* scores(sqlite!, { timeout: 0.05 });
  const transaction = yield* database.transaction({ mode: 'immediate' });
  yield* database.execute(INSERT, DAISY);
  const other = yield* thrownBy(asyncio.createTask(database.execute(INSERT, { name: 'Neil', score: 1 })));
  assert.match(String(other), /OperationalError: database is locked/);
  assert.equal((other as databases.DatabaseError).code, 'SQLITE_BUSY');
  yield* transaction.commit();
  yield* database.disconnect();
});
