#!/usr/bin/env python3
"""Two mounts, two programs on each, and a foreign writer add words to one message (rule W3).

Each reads the message, adds its word and saves, in place or by renaming. Every word that a save was acknowledged for must be
there once in the end, every other never; who was told ESTALE finds the bytes in conflicts/.

usage: conflicts.py OPENCODEFS v1|v2|go SAVES [SECONDS]
"""

import errno
import json
import multiprocessing
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time

PROGRAM, FAMILY, SAVES = os.path.abspath(sys.argv[1]), sys.argv[2], int(sys.argv[3])
SECONDS = float(sys.argv[4]) if len(sys.argv) > 4 else 600
TABLES = {
    "v1": ("part", "message_id", "data"),
    "v2": ("session_message", "id", "data"),
    "go": ("messages", "id", "parts"),
}


def text(message):
    """The object that holds the words, in the JSON of a file or of a row."""
    if FAMILY == "v1":
        return message["parts"][0] if "parts" in message else message
    if FAMILY == "v2":
        return message
    return (message["parts"] if isinstance(message, dict) else message)[0]["data"]


class Race:
    def __init__(self, home):
        self.home, self.database = home, home + "/opencode.db"
        self.mounts = [home + "/a", home + "/b"]
        self.environment = dict(os.environ, HOME=home, XDG_STATE_HOME=home + "/state")
        # Processes: what a save is compared with is what its own process has read.
        self.saves, self.end = multiprocessing.Value("i", 0), time.time() + SECONDS
        self.notes = multiprocessing.Queue()
        self.words, self.stale, self.faults = [], 0, []

    def run(self, *words):
        subprocess.run([PROGRAM, *words], env=self.environment, check=True, capture_output=True)

    def prepare(self):
        self.run("demo", "--family", FAMILY, "--messages", "40", "--sessions", "2", self.database)
        for mount in self.mounts:
            os.mkdir(mount)
            self.run("mount", "-o", "names=id", "--database", self.database, mount)
        files = []
        for folder, _, names in os.walk(self.mounts[0]):
            if folder.endswith("/messages"):
                files += [os.path.join(folder, name) for name in names]
        users = []
        for file in files:
            message = json.load(open(file))
            if (message.get("info", message).get("role") or message.get("type")) == "user":
                users.append(file)
        file = min(users, key=os.path.getsize)
        self.path, self.id = file[len(self.mounts[0]) :], os.path.basename(file)[: -len(".json")]
        message = json.load(open(file))
        text(message)["text"] = ""
        with open(file, "w") as target:
            target.write(json.dumps(message))

    def goes_on(self, counts):
        with self.saves.get_lock():
            self.saves.value += 1 if counts else 0
            return self.saves.value <= SAVES and time.time() < self.end

    def note(self, words, stale=0, faults=()):
        self.notes.put((words, stale, list(faults)))

    def program(self, name, mount, in_place):
        file, words, stale, faults, number = mount + self.path, [], 0, [], 0
        while self.goes_on(counts=True):
            word, number = f"{name}{number};", number + 1
            try:
                message = json.loads(open(file).read())
                text(message)["text"] += word
                bytes = json.dumps(message).encode()
                if in_place:
                    descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC)
                    try:
                        os.write(descriptor, bytes)
                    finally:
                        os.close(descriptor)
                else:
                    temporary = f"{file}.{name}"
                    with open(temporary, "wb") as target:
                        target.write(bytes)
                    try:
                        os.replace(temporary, file)
                    except OSError:
                        os.unlink(temporary)
                        raise
                words.append(word)
            except OSError as error:
                if error.errno == errno.ESTALE:
                    stale += 1
                else:
                    faults.append(str(error))
            except ValueError as error:
                faults.append(f"half a text: {error}")
        self.note(words, stale, faults)

    def foreign(self):
        connection = sqlite3.connect(self.database, timeout=10, isolation_level=None)
        table, key, column = TABLES[FAMILY]
        words = []
        while self.goes_on(counts=False):
            word = f"F{len(words)};"
            connection.execute("BEGIN IMMEDIATE")
            query = f"SELECT rowid, {column} FROM {table} WHERE {key} = ? ORDER BY id LIMIT 1"
            row, value = connection.execute(query, (self.id,)).fetchone()
            message = json.loads(value)
            text(message)["text"] += word
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (json.dumps(message), row))
            connection.execute("COMMIT")
            words.append(word)
            time.sleep(random.random() * 0.2)
        self.note(words)

    def race(self):
        programs = [multiprocessing.Process(target=self.foreign)]
        for index, name in enumerate("ABCD"):
            programs.append(
                multiprocessing.Process(target=self.program, args=(name, self.mounts[index % 2], index in (0, 3)))
            )
        for program in programs:
            program.start()
        for _ in programs:
            words, stale, faults = self.notes.get()
            self.words += words
            self.stale += stale
            self.faults += faults
        for program in programs:
            program.join()
        time.sleep(0.3)
        found = text(json.load(open(self.mounts[0] + self.path)))["text"].split(";")[:-1]
        wanted = [word[:-1] for word in self.words]
        lost, strange = set(wanted) - set(found), set(found) - set(wanted)
        print(
            f"{FAMILY}: {min(self.saves.value, SAVES)} saves, {len(wanted)} words acknowledged, {self.stale} ESTALE, "
            f"{len(lost)} lost, {len(found) - len(set(found))} twice, {len(strange)} that nobody was told of, "
            f"{len(self.faults)} other faults {self.faults[:3]}"
        )
        return not lost and not strange and not self.faults and len(found) == len(set(found))


def main():
    with tempfile.TemporaryDirectory(prefix="opencodefs-conflicts.", dir="/var/tmp") as home:
        race = Race(home)
        try:
            race.prepare()
            return 0 if race.race() else 1
        finally:
            for mount in race.mounts:
                if os.path.ismount(mount):
                    race.run("umount", mount)


sys.exit(main())
