/**
 * A database: high scores in SQLite, with named parameters.
 *
 * Values are never a part of the statement: they go to the database beside it, so a name may hold whatever it likes. SQLite runs on a thread of
 * its own, and everything else goes on meanwhile.
 */
import * as asyncio from 'asyncio-ts';
import { Database } from 'asyncio-ts/databases';

export const title = 'high scores in SQLite, with named parameters';

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    const database = new Database('sqlite:///:memory:');
    yield* database.connect();

    // Create a table.
    let query = 'CREATE TABLE HighScores (id INTEGER PRIMARY KEY, name VARCHAR(100), score INTEGER)';
    yield* database.execute(query);

    // Insert some data.
    query = 'INSERT INTO HighScores(name, score) VALUES (:name, :score)';
    const values = [
      { name: 'Daisy', score: 92 },
      { name: 'Neil', score: 87 },
      { name: 'Carol', score: 43 },
    ];
    yield* database.executeMany(query, values);

    // Run a database query.
    query = 'SELECT * FROM HighScores';
    const rows = yield* database.fetchAll<{ id: number; name: string; score: number }>(query);
    for (const { id, name, score } of rows) console.log(`High Scores: ${id} ${name} ${score}`);

    // Half of it is never seen: the transaction fails.
    try {
      yield* asyncio.asyncWith(database.transaction(), function* () {
        yield* database.execute('UPDATE HighScores SET score = score + :more', { more: 8 });
        yield* database.execute('SELECT points FROM HighScores');
      });
    } catch (error) {
      console.log(`rolled back: ${error}`);
    }
    const best = 'SELECT name FROM HighScores WHERE score >= :least ORDER BY score DESC';
    yield* asyncio.asyncFor(database.iterate<{ name: string }>(best, { least: 87 }), ({ name }) => {
      console.log(`87 or more: ${name}`);
    });
    console.log(`best: ${yield* database.fetchVal('SELECT max(score) FROM HighScores')}`);

    yield* database.disconnect();
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    const database = new Database('sqlite:///:memory:');
    await database.connect();

    // Create a table.
    let query = 'CREATE TABLE HighScores (id INTEGER PRIMARY KEY, name VARCHAR(100), score INTEGER)';
    await database.execute(query);

    // Insert some data.
    query = 'INSERT INTO HighScores(name, score) VALUES (:name, :score)';
    const values = [
      { name: 'Daisy', score: 92 },
      { name: 'Neil', score: 87 },
      { name: 'Carol', score: 43 },
    ];
    await database.executeMany(query, values);

    // Run a database query.
    query = 'SELECT * FROM HighScores';
    const rows = await database.fetchAll<{ id: number; name: string; score: number }>(query);
    for (const { id, name, score } of rows) console.log(`High Scores: ${id} ${name} ${score}`);

    // Half of it is never seen: the transaction fails.
    try {
      await asyncio.asyncWith(database.transaction(), async () => {
        await database.execute('UPDATE HighScores SET score = score + :more', { more: 8 });
        await database.execute('SELECT points FROM HighScores');
      });
    } catch (error) {
      console.log(`rolled back: ${error}`);
    }
    const best = 'SELECT name FROM HighScores WHERE score >= :least ORDER BY score DESC';
    for await (const { name } of database.iterate<{ name: string }>(best, { least: 87 })) {
      console.log(`87 or more: ${name}`);
    }
    console.log(`best: ${await database.fetchVal('SELECT max(score) FROM HighScores')}`);

    await database.disconnect();
  }

  await asyncio.run(main);
}

export const output = [
  'High Scores: 1 Daisy 92',
  'High Scores: 2 Neil 87',
  'High Scores: 3 Carol 43',
  'rolled back: OperationalError: no such column: points',
  '87 or more: Daisy',
  '87 or more: Neil',
  'best: 92',
];
