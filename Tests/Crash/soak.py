#!/usr/bin/env python3
"""Many mounts of one database on a server, with programs on each that change messages they share (rule W3).

Each program reads a message, adds a word of its own and saves, in place or by renaming. (Not a number that it counts up: two
programs would save the same bytes, and those are no change, whoever wrote them.) Told ESTALE, EBUSY or ETIMEDOUT it begins anew; any other
error is a fault. In the end every word that a save was acknowledged for is there once, every other never, and the server has
the connections it had before.

The server is this script's own, below /var/tmp and on a socket and a port of the loopback interface; it ends with it.

usage: soak.py OPENCODEFS SECONDS [MOUNTS [WRITERS]]
"""

import errno
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM, SECONDS = os.path.abspath(sys.argv[1]), float(sys.argv[2])
MOUNTS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
WRITERS = int(sys.argv[4]) if len(sys.argv) > 4 else 4
MESSAGES = 8
PASSWORD = "soak:p@ss/word"
# ETIMEDOUT: the server was too busy to answer; the save is known not to have happened.
AGAIN = (errno.ESTALE, errno.EBUSY, errno.ETIMEDOUT)


class Server:
    """A MariaDB that nobody else uses."""

    def __init__(self, home):
        self.socket, data = home + "/my.sock", home + "/data"
        os.chmod(home, 0o755)
        user = next((name for name in ("mysql", "nobody") if self.exists(name)), "root")
        owner = ["--user=" + user] if os.geteuid() == 0 else []
        if owner:
            shutil.chown(home, user)
        environment = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin")
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", "--datadir=" + data, "--skip-test-db", "--skip-name-resolve"]
            + ["--auth-root-authentication-method=normal", "--tmpdir=" + home, *owner],
            env=environment, check=True, capture_output=True,
        )
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.process = subprocess.Popen(
            ["mariadbd", "--no-defaults", "--datadir=" + data, "--socket=" + self.socket, "--tmpdir=" + home]
            + [f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-name-resolve", "--max-connections=600"]
            + ["--innodb-buffer-pool-size=32M", "--pid-file=" + home + "/pid", *owner],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        end = time.time() + 60
        while subprocess.run(self.client("SELECT 1"), capture_output=True).returncode != 0:
            if time.time() > end or self.process.poll() is not None:
                raise RuntimeError("the server does not start")
            time.sleep(0.1)
        self.query(
            "CREATE DATABASE opencode CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;"
            f"CREATE USER soak@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL PRIVILEGES ON opencode.* TO soak@'%'"
        )

    @staticmethod
    def exists(user):
        try:
            return pwd.getpwnam(user) is not None
        except KeyError:
            return False

    def client(self, statement):
        return ["mariadb", "--no-defaults", "--socket=" + self.socket, "--user=root", "-NBe", statement]

    def query(self, statement):
        return subprocess.run(self.client(statement), check=True, capture_output=True, text=True).stdout

    def connections(self):
        return int(self.query("SELECT count(*) FROM information_schema.processlist WHERE user = 'soak'"))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def add(word, path, in_place):
    """Adds a word to a message."""
    with open(path) as file:
        message = json.load(file)
    data = message["parts"][0]["data"]
    data["text"] += word
    text = json.dumps(message).encode()
    if in_place:
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(descriptor, text)
        finally:
            os.close(descriptor)
        return
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "wb") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def program(folder, in_place, end):
    """What one writer does; says on stdout what became of it."""
    saved, again, faults, tries = [[] for _ in range(MESSAGES)], 0, [], 0
    while time.time() < end:
        number, tries = random.randrange(MESSAGES), tries + 1
        word = f"{os.getpid()}.{tries};"
        try:
            add(word, f"{folder}/msg_{number}.json", in_place)
            saved[number].append(word)
        except OSError as error:
            if error.errno in AGAIN:
                again += 1
            else:
                faults.append(f"{error.strerror} ({error.errno})")
        except ValueError as error:
            faults.append(f"half a text: {error}")
        # Modest: there are many.
        time.sleep(random.random() * 0.4)
    return {"saved": saved, "again": again, "faults": faults[:5], "count": len(faults)}


def fork(folder, in_place, end):
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reader)
        try:
            with os.fdopen(writer, "w") as answer:
                json.dump(program(folder, in_place, end), answer)
        finally:
            os._exit(0)
    os.close(writer)
    return process, reader


def soak(home, server):
    environment = dict(os.environ, HOME=home, XDG_STATE_HOME=home + "/state", XDG_CONFIG_HOME=home + "/config")
    environment["OPENCODEFS_PASSWORD"] = PASSWORD
    address = f"mysql://soak@127.0.0.1:{server.port}/opencode"

    def run(*words, **more):
        done = subprocess.run([PROGRAM, *words], env=dict(environment, **more), capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]}: {done.stderr.replace(PASSWORD, '***')}")

    dsn = f"soak:{PASSWORD}@tcp(127.0.0.1:{server.port})/opencode"
    run("init", OPENCODE_SESSION_PROVIDER_TYPE="mysql", OPENCODE_MYSQL_DSN=dsn)
    server.query(
        "USE opencode; INSERT INTO sessions (id, title, project_id, updated_at, created_at) "
        "VALUES ('ses_1', 'Counters', 'shop', 1, 1)"
    )
    for number in range(MESSAGES):
        parts = json.dumps([{"type": "text", "data": {"text": ""}}])
        server.query(
            "USE opencode; INSERT INTO messages (id, session_id, role, parts, created_at, updated_at, seq) "
            f"VALUES ('msg_{number}', 'ses_1', 'user', '{parts}', 1, 1, {number + 1})"
        )
    before = server.connections()
    mounts = [f"{home}/mnt{number}" for number in range(MOUNTS)]
    try:
        for mount in mounts:
            os.mkdir(mount)
            run("mount", "-o", "names=id", "--database", address, mount)
        end = time.time() + SECONDS
        writers = [
            fork(mount + "/shop/ses_1/messages", index % 2 == 0, end) for mount in mounts for index in range(WRITERS)
        ]
        results = []
        for process, reader in writers:
            with os.fdopen(reader) as answer:
                results.append(json.loads(answer.read() or "null"))
            os.waitpid(process, 0)
        most = server.connections()
    finally:
        for mount in mounts:
            if os.path.ismount(mount):
                run("umount", mount)
    end = time.time() + 10
    while server.connections() > before and time.time() < end:
        time.sleep(0.1)
    return judge(server, results, before, most)


def words(parts):
    """The words of a message, as its row holds them."""
    return json.loads(parts)[0]["data"]["text"].split(";")[:-1]


def judge(server, results, before, most):
    rows = server.query("SELECT parts FROM opencode.messages ORDER BY id").splitlines()
    found = [(number, word) for number, row in enumerate(rows) for word in words(row)]
    whole = [result for result in results if result]
    saved = [
        (number, word[:-1]) for result in whole for number, list in enumerate(result["saved"]) for word in list
    ]
    lost, strange, twice = set(saved) - set(found), set(found) - set(saved), len(found) - len(set(found))
    faults = sum(result["count"] for result in whole) + len(results) - len(whole)
    first = next((result["faults"] for result in whole if result["faults"]), [])
    left = server.connections() - before
    print(
        f"{MOUNTS} mounts, {len(results)} programs, {SECONDS:.0f} s: {len(saved)} saves acknowledged, "
        f"{len(lost)} lost, {twice} twice, {len(strange)} that nobody was told of, {sum(result['again'] for result in whole)} begun anew, {faults} faults {first}, {most} connections, {left} left"
    )
    return not lost and not strange and twice == 0 and saved and faults == 0 and left == 0


def main():
    with tempfile.TemporaryDirectory(prefix="opencodefs-soak.", dir="/var/tmp") as home:
        os.mkdir(home + "/server")
        os.chmod(home, 0o755)
        server = Server(home + "/server")
        try:
            return 0 if soak(home, server) else 1
        finally:
            server.end()


sys.exit(main())
