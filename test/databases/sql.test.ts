/** Named parameters are found where they are, and nowhere else; values and names must agree. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { engineFor } from '../../src/databases/engines.ts';
import { ProgrammingError } from '../../src/databases/errors.ts';
import { Compiler } from '../../src/databases/sql.ts';
import { DatabaseURL } from '../../src/databases/url.ts';

function compilerFor(dialect: string): Compiler {
  const url = new DatabaseURL(dialect === 'sqlite' ? 'sqlite://' : `${dialect}://localhost/x`);
  return new Compiler(engineFor(url)(url, {}).syntax);
}

const compilers = {
  sqlite: compilerFor('sqlite'),
  postgresql: compilerFor('postgresql'),
  mysql: compilerFor('mysql'),
};
type Dialect = keyof typeof compilers;
const ALL: readonly Dialect[] = ['sqlite', 'postgresql', 'mysql'];

/** `query` has no parameters: it stays what it is. */
function untouched(query: string, ...dialects: readonly Dialect[]): void {
  for (const dialect of dialects) {
    const { text, names } = compilers[dialect].compile(query);
    assert.deepEqual(names, [], `${dialect}: ${query}`);
    assert.equal(text, query);
  }
}

function becomes(dialect: Dialect, query: string, text: string, names: readonly string[]): void {
  const compiled = compilers[dialect].compile(query);
  assert.equal(compiled.text, text);
  assert.deepEqual(compiled.names, names);
}

suite('a parameter', () => {
  test('is a colon and a name; PostgreSQL has one number for each name, the others one place for each use', () => {
    const query = 'SELECT :a, :b_2,(:a)+:ünï';
    becomes('postgresql', query, 'SELECT $1, $2,($1)+$3', ['a', 'b_2', 'ünï']);
    becomes('sqlite', query, 'SELECT ?, ?,(?)+?', ['a', 'b_2', 'a', 'ünï']);
    becomes('mysql', query, 'SELECT ?, ?,(?)+?', ['a', 'b_2', 'a', 'ünï']);
  });

  test('is none in strings, quoted names and comments', () => {
    untouched("SELECT ':a', 'it''s :b', ''':c' -- :d\n, \":e\"\":f\" /* :g */ /* * / :h */", ...ALL);
    untouched('SELECT `:a``:b`', 'sqlite', 'mysql');
    untouched('SELECT [:a "\' :b]', 'sqlite');
    untouched('SELECT 1 # :a\n, 2', 'mysql');
    untouched('SELECT \'\\\':a\', "\\":b"', 'mysql');
    untouched("SELECT E'\\':a', e'\\\\\\':b'", 'postgresql');
    untouched('SELECT 1 /* :a /* :b */ :c */', 'postgresql');
    untouched('SELECT $$ :a $x$ :b $$, $tag$ :c $$ $other$ :d $tag$', 'postgresql');
    becomes('sqlite', "SELECT '\\', :a", "SELECT '\\', ?", ['a']);
    becomes('postgresql', "SELECT '\\', :a", "SELECT '\\', $1", ['a']);
    becomes('sqlite', 'SELECT 1 /* /* */ + :a', 'SELECT 1 /* /* */ + ?', ['a']);
    becomes('mysql', 'SELECT 5--:a', 'SELECT 5--?', ['a']);
    becomes('sqlite', 'SELECT 5--:a\n', 'SELECT 5--:a\n', []);
    becomes('postgresql', 'SELECT a$b$ + :c', 'SELECT a$b$ + $1', ['c']);
    becomes('postgresql', "SELECT some'' || :c", "SELECT some'' || $1", ['c']);
  });

  test('is none in a cast, an assignment, a slice, or behind a backslash', () => {
    untouched("SELECT '5'::int, x::numeric(5, 2)::text", 'postgresql');
    untouched('SELECT a[1:n], a[lower:upper], a[ 1 : 2 ]', 'postgresql');
    untouched('SELECT @a := 1, @b:=2', 'mysql');
    untouched('SELECT 12:30', ...ALL);
    becomes('postgresql', 'SELECT :a::int[], a[:low : :high]', 'SELECT $1::int[], a[$2 : $3]', [
      'a',
      'low',
      'high',
    ]);
    becomes('postgresql', 'SELECT a[1\\:n], \\:b, ARRAY[:c]', 'SELECT a[1:n], :b, ARRAY[$1]', ['c']);
    becomes('sqlite', 'SELECT \\\\:a', 'SELECT \\:a', []);
  });

  test('may stand at either end, and where a quote or comment is never closed the rest is no code', () => {
    becomes('sqlite', ':a', '?', ['a']);
    for (const open of ["'", '"', '/*']) untouched(`SELECT ${open} :a`, ...ALL);
    untouched('SELECT $x$ :a', 'postgresql');
    untouched('SELECT [ :a', 'sqlite');
    untouched('SELECT 1 -- :a', ...ALL);
    untouched('', ...ALL);
    untouched(':', ...ALL);
    untouched('\\', ...ALL);
  });

  test('is not written in the ways of other libraries, which would be given no value', () => {
    const wrong: readonly [Dialect, string][] = [
      ['sqlite', 'SELECT ?'],
      ['sqlite', 'SELECT ?1'],
      ['sqlite', 'SELECT @a'],
      ['sqlite', 'SELECT $a'],
      ['mysql', 'SELECT ?'],
      ['postgresql', 'SELECT $1'],
    ];
    for (const [dialect, query] of wrong) {
      assert.throws(
        () => compilers[dialect].compile(query),
        /ProgrammingError: .*parameters are written :name/s,
      );
    }
    untouched("SELECT '?', '$1', '@a'", ...ALL);
    untouched("SELECT data ? 'a', data @> '{}', data #> '{a}'", 'postgresql');
    untouched('SELECT @a, @@version', 'mysql');
  });
});

suite('values', () => {
  const { sqlite, postgresql } = compilers;

  test('come in the order of the places', () => {
    assert.deepEqual(sqlite.bind('SELECT :b, :a, :b', { a: 1, b: 2 }).values, [2, 1, 2]);
    assert.deepEqual(postgresql.bind('SELECT :b, :a, :b', { a: 1, b: 2 }).values, [2, 1]);
    assert.deepEqual(sqlite.bind('SELECT 1', undefined).values, []);
    assert.deepEqual(sqlite.bind('SELECT 1', null).values, []);
  });

  test('must be there, all of them and no others; what an object inherits is none', () => {
    const missing = /ProgrammingError: there is no value for the parameter/;
    assert.throws(() => sqlite.bind('SELECT :a', undefined), missing);
    assert.throws(() => sqlite.bind('SELECT :constructor', {}), missing);
    assert.throws(() => sqlite.bind('SELECT :toString', { a: 1 }), missing);
    assert.throws(() => sqlite.bind('SELECT :__proto__', {}), missing);
    assert.throws(() => sqlite.bind('SELECT :a', { a: 1, b: 2 }), /a value for :b, and no such parameter/);
    assert.throws(() => sqlite.bind('SELECT 1', { a: 1 }), ProgrammingError);
  });

  test('are values', () => {
    assert.throws(() => sqlite.bind('SELECT :a', { a: undefined }), /TypeError: .*SQL's NULL is null/);
    assert.throws(() => sqlite.bind('SELECT :a', { a: () => 1 }), /TypeError: .*no database keeps/);
    assert.throws(() => sqlite.bind('SELECT :a', { a: new Date('x') }), /TypeError: .*an invalid Date/);
    assert.throws(() => sqlite.bind('SELECT 1', [1] as never), /TypeError: values are an object/);
    assert.throws(() => sqlite.bind(5 as never, {}), /TypeError: a query is a string, not 5/);
  });
});

suite('a query', () => {
  test('has a verb, also behind WITH', () => {
    const verbs = {
      'SELECT 1': 'SELECT',
      ' -- x\n insert into t values (1)': 'INSERT',
      'WITH a AS (SELECT 1), b AS (DELETE FROM c) INSERT INTO t SELECT 1': 'INSERT',
      'WITH a AS (SELECT 1) SELECT * FROM a': 'SELECT',
      'CREATE TABLE a AS SELECT 1': 'CREATE',
      'EXPLAIN SELECT 1': 'EXPLAIN',
    };
    for (const [query, verb] of Object.entries(verbs))
      assert.equal(compilers.sqlite.compile(query).verb, verb);
  });

  test('is one statement; what follows it is seen, but for blanks, comments and the body of a trigger', () => {
    const { sqlite } = compilers;
    for (const query of ['SELECT 1;', 'SELECT 1 ; -- x', "SELECT ';'", 'SELECT 1;; /* ; */'])
      assert.equal(sqlite.compile(query).several, false, query);
    for (const query of ['SELECT 1; SELECT 2', 'SELECT 1;/**/DROP TABLE a'])
      assert.equal(sqlite.compile(query).several, true, query);
    const trigger = 'CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END';
    assert.equal(sqlite.compile(trigger).several, false);
  });

  test('of any text is read to its end, and what is no parameter stays', () => {
    const pieces = [
      "'",
      '"',
      '`',
      '[',
      ']',
      '/*',
      '*/',
      '--',
      '\n',
      '$',
      '$a$',
      ':',
      '\\',
      'x',
      ' ',
      ';',
      '(',
      'E',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), (parts) => {
        const query = parts.join('');
        for (const dialect of ALL) {
          // What SQLite takes for a parameter of its own is refused.
          if (dialect === 'sqlite' && /\$[\w$]/.test(query)) continue;
          const { text, names } = compilers[dialect].compile(query);
          // Putting the names back gives the query, but for the backslashes that stood before colons.
          let at = 0;
          const restored = text.replaceAll(/\$\d+|\?/g, () => `:${names[at++] ?? names[0]}`);
          if (dialect !== 'postgresql')
            assert.equal(restored.replaceAll('\\:', ':'), query.replaceAll('\\:', ':'));
          assert.ok(names.every((name) => name.startsWith('x') || name.startsWith('E')));
        }
      }),
      { numRuns: 2000, seed: 20_260_101 },
    );
  });
});
