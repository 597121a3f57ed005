/** Queries on every engine: what goes in comes out, as what it was; values are never a part of the statement; what is wrong is said to be. */
import assert from 'node:assert/strict';
import * as databases from '../../src/databases/index.ts';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { onSockets } from '../net/kit.ts';
import { DAISY, HIGH_SCORES, INSERT, testEngines, withScores } from './engines.ts';

const { scenario, style } = await onSockets(import.meta.url);
const scores = asyncio.coroutine(withScores);

for (const engine of await testEngines()) {
  const { name: on, skip } = engine;

  scenario(
    `${on}: rows are plain objects, in the order of the query`,
    function* () {
      const database = yield* scores(engine);
      yield* database.executeMany(INSERT, HIGH_SCORES);
      const rows = yield* database.fetchAll('SELECT name, score FROM scores ORDER BY score DESC');
      assert.deepEqual(rows, HIGH_SCORES);
      assert.equal(Object.getPrototypeOf(rows[0]), Object.prototype);
      const one = yield* database.fetchOne('SELECT name FROM scores WHERE score = :score', { score: 43 });
      assert.deepEqual(one, { name: 'Carol' });
      assert.equal(
        yield* database.fetchOne('SELECT name FROM scores WHERE score = :score', { score: 0 }),
        null,
      );
      assert.deepEqual(yield* database.fetchAll('SELECT name FROM scores WHERE score = :s', { s: 0 }), []);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: fetchVal gives the first column, or the one that is asked for`,
    function* () {
      const database = yield* scores(engine);
      yield* database.execute(INSERT, DAISY);
      const query = 'SELECT name AS b, score AS "1", NULL AS "n" FROM scores'.replaceAll(
        '"',
        on === 'MariaDB' ? '`' : '"',
      );
      assert.equal(yield* database.fetchVal(query), 'Daisy');
      assert.equal(yield* database.fetchVal(query, null, 1), 92);
      assert.equal(yield* database.fetchVal(query, {}, '1'), 92);
      assert.equal(yield* database.fetchVal(query, null, 'n'), null);
      assert.equal(yield* database.fetchVal('SELECT name FROM scores WHERE score < 0'), null);
      const unknown = (yield* thrownBy(database.fetchVal(query, null, 'c'))) as Error;
      assert.equal(unknown.name, 'KeyError');
      assert.match(unknown.message, /no column "c"; there are b, 1, n/);
      assert.equal(((yield* thrownBy(database.fetchVal(query, null, 3))) as Error).name, 'LookupError');
      assert.equal(yield* database.fetchVal('SELECT count(*) FROM scores'), 1);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: execute gives what the original does`,
    function* () {
      const database = yield* scores(engine);
      const first = yield* database.execute(INSERT, DAISY);
      assert.equal(first, on === 'PostgreSQL' ? null : 1);
      const returning = `${INSERT} RETURNING id`;
      assert.equal(yield* database.execute(returning, { name: 'Neil', score: 87 }), 2);
      const changed = yield* database.execute('UPDATE scores SET score = score + 1');
      assert.equal(changed, on === 'PostgreSQL' ? null : 2);
      assert.equal(yield* database.execute('SELECT score FROM scores ORDER BY id'), 93);
      const removed = yield* database.execute('DELETE FROM scores WHERE score = :score', { score: 88 });
      assert.equal(removed, on === 'PostgreSQL' ? null : 1);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: values come back as what they were`,
    function* () {
      const database = new databases.Database(engine.url);
      yield* database.connect();
      yield* database.execute('DROP TABLE IF EXISTS kinds');
      yield* database.execute(
        `CREATE TABLE kinds (t TEXT, i INTEGER, l BIGINT, f DOUBLE PRECISION, b ${engine.bytes}, d ${engine.time}, day DATE, j JSON, o BOOLEAN)`,
      );
      const [truth, lie] = on === 'MariaDB' ? [1, 0] : [true, false];
      const given = [
        {
          t: 'it\'s \\ "quoted" ünïcödé 🎲 \n',
          i: -5,
          l: 2n ** 63n - 1n,
          f: 0.1,
          b: Buffer.from([0, 1, 255]),
          d: new Date('2024-02-29T12:34:56.789Z'),
          day: new Date('2024-02-29T00:00:00Z'),
          j: { a: [1, { b: null }], c: 'ü' },
          o: truth,
        },
        {
          t: '',
          i: 0,
          l: 5,
          f: -1.5e300,
          b: Buffer.alloc(0),
          d: new Date('1970-01-02T00:00:00Z'),
          day: null,
          j: { d: 1 },
          o: lie,
        },
        { t: null, i: null, l: null, f: null, b: null, d: null, day: null, j: null, o: null },
      ];
      const names = ['t', 'i', 'l', 'f', 'b', 'd', 'day', 'j', 'o'];
      const insert = `INSERT INTO kinds VALUES (${names.map((name) => `:${name}`).join(', ')})`;
      for (const values of given) yield* database.execute(insert, values);
      assert.deepEqual(yield* database.fetchAll('SELECT * FROM kinds'), given);
      // Enough of them that they travel together.
      yield* database.execute('DELETE FROM kinds');
      const many = Array.from({ length: 700 }, (_, at) => given[at % 3] as (typeof given)[0]);
      yield* database.executeMany(insert, many);
      assert.deepEqual(yield* database.fetchAll('SELECT * FROM kinds'), many);
      const streamed: unknown[] = [];
      yield* asyncio.asyncFor(database.iterate('SELECT * FROM kinds'), (row) => {
        streamed.push(row);
      });
      assert.deepEqual(streamed, many);
      assert.equal(yield* database.fetchVal('SELECT l FROM kinds'), 2n ** 63n - 1n);
      assert.equal(yield* database.execute('SELECT l FROM kinds'), 2n ** 63n - 1n);
      assert.ok(Buffer.isBuffer(yield* database.fetchVal('SELECT b FROM kinds')));
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: attempts at injection stay data, as values of every kind of question`,
    function* () {
      const database = yield* scores(engine);
      const attempts = [
        "'; DROP TABLE scores; --",
        "' OR '1'='1",
        '" OR ""="',
        '\\',
        "\\'; DELETE FROM scores; #",
        "x' UNION SELECT name FROM scores /*",
        ':name',
        '$1',
        '?',
        '`; DROP TABLE scores; `',
        '%s %(name)s',
        'NULL',
        '*/ DROP TABLE scores /*',
        '\u0027 OR 1=1',
        '＇ OR 1=1',
      ];
      yield* database.execute(INSERT, { name: 'bait', score: -1 });
      for (const [score, name] of attempts.entries()) yield* database.execute(INSERT, { name, score });
      yield* database.execute('DELETE FROM scores WHERE score >= 0');
      yield* database.executeMany(
        INSERT,
        attempts.map((name, score) => ({ name, score })),
      );
      const select = 'SELECT name FROM scores WHERE name = :name';
      for (const name of attempts) {
        assert.deepEqual(yield* database.fetchAll(select, { name }), [{ name }]);
        assert.deepEqual(yield* database.fetchOne(select, { name }), { name });
        assert.equal(yield* database.fetchVal(select, { name }), name);
        const seen: unknown[] = [];
        yield* asyncio.asyncFor(database.iterate(select, { name }), (row) => {
          seen.push(row['name']);
        });
        assert.deepEqual(seen, [name]);
        yield* asyncio.asyncWith(database.transaction(), function* () {
          yield* database.execute('UPDATE scores SET score = score + 1 WHERE name = :name', { name });
        });
      }
      assert.equal(yield* database.fetchVal('SELECT count(*) FROM scores'), attempts.length + 1);
      assert.equal(
        yield* database.fetchVal('SELECT score FROM scores WHERE name = :name', { name: 'bait' }),
        -1,
      );
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: what is wrong is told, by the classes of Python's databases`,
    function* () {
      const database = yield* scores(engine);
      yield* database.execute(INSERT, DAISY);
      const twice = (yield* thrownBy(database.execute(INSERT, DAISY))) as databases.DatabaseError;
      assert.ok(twice instanceof databases.IntegrityError);
      const codes = { SQLite: 'SQLITE_CONSTRAINT_UNIQUE', PostgreSQL: '23505', MariaDB: 'ER_DUP_ENTRY' };
      assert.equal(twice.code, codes[on]);
      assert.ok(twice.cause instanceof Error);
      const missing = (yield* thrownBy(database.fetchAll('SELECT * FROM nothing'))) as Error;
      assert.equal(missing.name, on === 'SQLite' ? 'OperationalError' : 'ProgrammingError');
      assert.match(missing.message, /nothing/);
      const several = yield* thrownBy(database.execute('DELETE FROM scores; SELECT 1'));
      assert.ok(several instanceof databases.ProgrammingError, String(several));
      const noValue = yield* thrownBy(database.execute(INSERT, { name: 'x' }));
      assert.match(
        String(noValue),
        /ProgrammingError: there is no value for the parameter :score .*; given: :name/,
      );
      const extra = yield* thrownBy(database.execute(INSERT, { ...DAISY, age: 5 }));
      assert.match(String(extra), /a value for :age, and no such parameter .*; it has: :name, :score/);
      const nothing = yield* thrownBy(database.execute(INSERT, { name: undefined, score: 1 }));
      assert.match(
        String(nothing),
        /TypeError: the value of the parameter :name is undefined; SQL's NULL is null/,
      );
      // And it goes on.
      assert.equal(yield* database.fetchVal('SELECT count(*) FROM scores'), 1);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: executeMany does all or nothing`,
    function* () {
      const database = yield* scores(engine);
      const doubled = [...HIGH_SCORES, DAISY];
      const failed = yield* thrownBy(database.executeMany(INSERT, doubled));
      assert.ok(failed instanceof databases.IntegrityError, String(failed));
      assert.equal(yield* database.fetchVal('SELECT count(*) FROM scores'), 0);
      yield* database.executeMany(INSERT, []);
      yield* database.executeMany(INSERT, new Set(HIGH_SCORES));
      assert.equal(yield* database.fetchVal('SELECT count(*) FROM scores'), 3);
      yield* asyncio.asyncWith(database.transaction(), function* () {
        yield* database.executeMany('UPDATE scores SET score = score + :more WHERE name = :name', [
          { name: 'Daisy', more: 1 },
          { name: 'Neil', more: 2 },
        ]);
      });
      assert.deepEqual(yield* database.fetchAll('SELECT score FROM scores ORDER BY id'), [
        { score: 93 },
        { score: 89 },
        { score: 43 },
      ]);
      const list = yield* thrownBy(database.executeMany(INSERT, 5 as never));
      assert.match(String(list), /TypeError: executeMany\(\) needs a list of values, not 5/);
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: iterate gives row after row, and the same task may ask between them where the engine can`,
    function* () {
      const database = yield* scores(engine, { maxSize: 1 });
      const count = 3000;
      yield* database.executeMany(
        INSERT,
        Array.from({ length: count }, (_, score) => ({ name: `n${score}`, score })),
      );
      let next = 0;
      yield* asyncio.asyncFor(database.iterate('SELECT score FROM scores ORDER BY score'), function* (row) {
        assert.deepEqual(row, { score: next });
        if (on !== 'MariaDB' && next % 500 === 0) {
          assert.equal(yield* database.fetchVal('SELECT :x + 0 AS x', { x: next }), next);
        }
        next++;
      });
      assert.equal(next, count);
      if (on === 'MariaDB') {
        const rows = database.iterate('SELECT score FROM scores ORDER BY score');
        yield* rows.next();
        const between = yield* thrownBy(database.fetchVal('SELECT 1'));
        assert.match(String(between), /ProgrammingError: this connection is sending the rows of iterate\(\)/);
        yield* rows.return();
      }
      // Left before its end, and left to itself at its beginning.
      yield* asyncio.asyncFor(database.iterate('SELECT score FROM scores'), () => asyncio.BREAK);
      const rows = database.iterate('SELECT score FROM scores ORDER BY score');
      assert.deepEqual(yield* rows.next(), { done: false, value: { score: 0 } });
      assert.deepEqual(yield* rows.return(), { done: true, value: undefined });
      assert.deepEqual(yield* rows.next(), { done: true, value: undefined });
      yield* database.iterate('SELECT 1').return();
      const wrong = yield* thrownBy(database.iterate('SELECT nothing FROM scores').next());
      assert.ok(wrong instanceof databases.DatabaseError);
      assert.equal(yield* database.fetchVal('SELECT count(*) FROM scores'), count);
      assert.deepEqual({ ...database.statistics() }, { size: 1, idle: 1, waiting: 0 });
      yield* database.disconnect();
    },
    skip,
  );

  scenario(
    `${on}: more is asked at once than there are connections, and everyone gets their own answer`,
    function* () {
      const database = new databases.Database(engine.url, { minSize: 0, maxSize: 3 });
      yield* database.connect();
      const ask = function* (n: number) {
        return yield* database.fetchVal('SELECT :n + 0 AS n', { n });
      };
      const numbers = Array.from({ length: 60 }, (_, n) => n);
      const answers = yield* asyncio.gather(...numbers.map((n) => asyncio.createTask(() => ask(n))));
      assert.deepEqual(answers, numbers);
      assert.equal(database.statistics().size, 3);
      yield* database.disconnect();
    },
    skip,
  );
}

if (style === 'async') {
  scenario('SQLite: for await goes through the rows, and may be left', (async () => {
    await using database = new databases.Database('sqlite://');
    await database.connect();
    const query = 'SELECT value FROM json_each(:list)';
    const seen: unknown[] = [];
    for await (const { value } of database.iterate<{ value: number }>(query, { list: [1, 2, 3, 4] })) {
      seen.push(value);
      if (value === 3) break;
    }
    assert.deepEqual(seen, [1, 2, 3]);
  }) as never);
}
