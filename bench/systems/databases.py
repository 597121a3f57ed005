"""SQLite from asyncio as Python programs do it: sqlite3 in a thread, by asyncio.to_thread. `databases.py FILE` does the work of `databases.ts` and prints
seconds of the clock and of the processor for one operation of each kind, as one line of JSON. Rows are read as dictionaries.
"""

import asyncio
import json
import sqlite3
import sys
import time

SINGLES, BULK, READS = (int(text) for text in sys.argv[2:5])
INSERT = "INSERT INTO scores(name, score) VALUES (:name, :score)"


async def main():
    db = sqlite3.connect(sys.argv[1], check_same_thread=False, isolation_level=None)
    db.row_factory = lambda cursor, row: {column[0]: value for column, value in zip(cursor.description, row)}
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("CREATE TABLE scores (id INTEGER PRIMARY KEY, name TEXT, score INTEGER)")
    results = {}

    async def measure(name, count, work):
        start, cpu = time.perf_counter(), time.process_time()
        for i in range(count):
            await work(i)
        results[name] = [(time.perf_counter() - start) / count, (time.process_time() - cpu) / count]

    def insert(i):
        return asyncio.to_thread(lambda: db.execute(INSERT, {"name": f"name {i}", "score": i}).lastrowid)

    def read(i):
        return asyncio.to_thread(lambda: db.execute("SELECT * FROM scores WHERE id = :id", {"id": i + 1}).fetchone())

    def read_all(i):
        return asyncio.to_thread(lambda: db.execute("SELECT * FROM scores LIMIT 1000").fetchall())

    def insert_many(i):
        def work():
            db.execute("BEGIN")
            db.executemany(INSERT, [{"name": f"name {n}", "score": n} for n in range(BULK)])
            db.execute("COMMIT")

        return asyncio.to_thread(work)

    await measure("insert", SINGLES, insert)
    await asyncio.to_thread(db.execute, "BEGIN")
    await measure("insertInTransaction", SINGLES, insert)
    await asyncio.to_thread(db.execute, "COMMIT")
    await measure("read", SINGLES, read)
    await measure("readMany", READS, read_all)
    await measure("insertMany", 3, insert_many)
    print(json.dumps(results))


asyncio.run(main())
