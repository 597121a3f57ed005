/** URLs of databases, and the options in them. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { Database, DatabaseURL } from '../../src/databases/index.ts';

suite('DatabaseURL', () => {
  test('has parts', () => {
    const url = new DatabaseURL('postgresql+asyncpg://kim:s%3Acret@[::1]:5433/scores?min_size=2&ssl=true');
    const { dialect, driver, username, password, hostname, port, database, options } = url;
    assert.deepEqual(
      { dialect, driver, username, password, hostname, port, database, options: { ...options } },
      {
        dialect: 'postgresql',
        driver: 'asyncpg',
        username: 'kim',
        password: 's:cret',
        hostname: '::1',
        port: 5433,
        database: 'scores',
        options: { min_size: '2', ssl: 'true' },
      },
    );
    assert.equal(new DatabaseURL('sqlite:///scores.db').database, 'scores.db');
    assert.equal(new DatabaseURL('sqlite:////tmp/scores.db').database, '/tmp/scores.db');
    assert.equal(new DatabaseURL('sqlite://').database, '');
    assert.equal(new DatabaseURL('mysql://host').hostname, 'host');
  });

  test('can be changed in parts, and never shows its password', () => {
    const url = new DatabaseURL('mysql://kim:a@b@host/scores?max_size=5');
    assert.equal(url.password, 'a@b');
    assert.equal(
      String(url.replace({ database: 'te st', port: 1 })),
      'mysql://kim:a%40b@host:1/te%20st?max_size=5',
    );
    assert.equal(
      String(url.replace({ username: null, password: null, hostname: '::1' })),
      'mysql://[::1]/scores?max_size=5',
    );
    assert.equal(url.safe, 'mysql://kim:********@host/scores?max_size=5');
    for (const shown of [inspect(url), inspect(new Database(url)), String(new Database(url))])
      assert.ok(!shown.includes('a@b'), shown);
    assert.equal(String(new DatabaseURL(url)), String(url));
  });

  test('that is none is refused, without its password', () => {
    for (const url of [
      '',
      'scores.db',
      'sqlite:/scores.db',
      '://x',
      'mysql://h:port/x',
      'mysql://h:99999/x',
    ]) {
      assert.throws(() => new DatabaseURL(url), /ValueError/, url);
    }
    assert.throws(
      () => new DatabaseURL('mysql://kim:secret@h:x/y'),
      (error: Error) => !error.message.includes('secret'),
    );
    assert.throws(
      () => new DatabaseURL(5 as never),
      /TypeError: a URL is expected, such as 'sqlite:\/\/\/scores.db', not 5/,
    );
  });
});

suite('Database', () => {
  test('takes options from its URL and from its constructor, which counts more', () => {
    const url = 'postgresql://h/x?min_size=2&max_size=20&ssl=false&connect_timeout=1.5';
    const { minSize, maxSize, ssl, connectTimeout } = new Database(url, { maxSize: 30 }).options;
    assert.deepEqual(
      { minSize, maxSize, ssl, connectTimeout },
      { minSize: 2, maxSize: 30, ssl: false, connectTimeout: 1.5 },
    );
  });

  test('refuses what it does not know or cannot do', () => {
    const wrong: readonly [url: string, said: RegExp][] = [
      ['oracle://h/x', /ValueError: there is no engine for "oracle:\/\/"; there are sqlite, postgresql/],
      ['constructor://h/x', /ValueError: there is no engine/],
      ['sqlite://scores.db', /ValueError: the URL sqlite:\/\/scores\.db names a host, and SQLite has none/],
      ['sqlite:///x?ssl=true', /ValueError: the option ssl/],
      ['mysql://h/x?size=5', /ValueError: the URL \S+ has an unknown option "size"; there are min_size/],
      [
        'mysql://h/x?min_size=-1',
        /ValueError: the option min_size of a database must be a whole number from 0, not -1/,
      ],
      ['mysql://h/x?max_size=0', /ValueError: the option max_size/],
      ['mysql://h/x?min_size=5&max_size=3', /ValueError: .* at least min_size, which is 5/],
      ['mysql://h/x?max_size=many', /ValueError: .*not "many"/],
      ['mysql://h/x?ssl=maybe', /ValueError: the option ssl/],
      ['sqlite:///x?synchronous=on', /ValueError: .*one of off, normal, full, extra/],
      ['sqlite:///x?timeout=-1', /ValueError: the option timeout/],
      ['sqlite:///x?foreign_keys=1', /ValueError: .*true or false/],
    ];
    for (const [url, said] of wrong) assert.throws(() => new Database(url), said, url);
    assert.throws(
      () => new Database('sqlite://', { size: 5 } as never),
      /TypeError: Database\(\) has no option "size"/,
    );
  });
});
