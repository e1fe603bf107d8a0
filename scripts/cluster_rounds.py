"""The rounds of scripts/cluster: starts the nodes, breaks one a round, and measures."""

import os
import random
import re
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time

SILENCE = 1.0  # seconds, after which a node is down
PATIENCE = 90.0  # seconds, in which a round must end


class Proxy:
    """Stands between a node and the one with the journal; one thread carries all its bytes."""

    def __init__(self):
        self.target = None  # a port
        self.swallows = False  # a black hole: connections stay, and nothing comes through
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.peers = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        threading.Thread(target=self.carry, daemon=True).start()

    def carry(self):
        while True:
            for key, _ in self.selector.select(0.05):
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.forward(key.fileobj)

    def accept(self):
        near, _ = self.listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self.target), 1)
        except OSError:
            near.close()
            return
        for end in (near, far):
            end.settimeout(PATIENCE)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.peers[near], self.peers[far] = far, near
        self.selector.register(near, selectors.EVENT_READ)
        self.selector.register(far, selectors.EVENT_READ)

    def forward(self, source):
        if self.swallows:
            time.sleep(0.01)  # what is under way comes through later, as on a network that is back
            return
        try:
            data = source.recv(65536)
            if data:
                self.peers[source].sendall(data)
                return
        except (OSError, KeyError):
            pass
        self.close(source)

    def close(self, one):
        with self.lock:
            other = self.peers.pop(one, None)
            if other is None:
                return
            self.peers.pop(other, None)
        for end in (one, other):
            try:
                self.selector.unregister(end)
            except (KeyError, ValueError):
                pass
            end.close()

    def cut(self):
        with self.lock:
            all_of_them = list(self.peers)
        for one in all_of_them:
            try:
                one.shutdown(socket.SHUT_RDWR)  # the thread that carries closes them
            except OSError:
                pass


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Cluster:
    def __init__(self, orders, work, seed, all_programs):
        self.all_programs = all_programs
        self.orders = orders
        self.work = work
        self.seed = seed
        self.proxies = {name: Proxy() for name in ("w1", "w2", "client")}
        self.port = free_port()  # behind the proxies, which took theirs
        for proxy in self.proxies.values():
            proxy.target = self.port
        self.services = {"journal": "order", "w1": "payment,shipping", "w2": "stock"}
        self.programs = {}
        self.mode = None

    def start(self, name):
        common = ["--certificates", f"{self.work}/certificates", "--name", name,
                  "--silence", str(SILENCE)]
        where = (["--listen", f"127.0.0.1:{self.port}", "--journal", f"{self.work}/orders.db"]
                 if name == "journal" else ["--join", f"127.0.0.1:{self.proxies[name].port}"])
        log = open(f"{self.work}/{name}.log", "ab")
        self.programs[name] = subprocess.Popen(
            [self.orders, "serve", *where, *common, "--services", self.services[name],
             "--mode", self.mode, "--gateway", f"{self.work}/gateway", "--log", "info",
             "--decline-rate", "0.1", "--out-of-stock-rate", "0.05",
             "--shipping-failure-rate", "0.05"],
            stdout=log, stderr=log)
        self.all_programs.append(self.programs[name])

    def start_all(self, mode):
        self.mode = mode
        for name in self.services:
            self.start(name)

    def stop_all(self):
        for name in ("w1", "w2", "journal"):
            program = self.programs[name]
            program.terminate()
            if program.wait(60) != 0:
                raise SystemExit(f"node {name} ended with {program.returncode}")

    def place(self, count):
        log = open(f"{self.work}/client.log", "ab")
        client = subprocess.Popen(
            [self.orders, "run", "--join", f"127.0.0.1:{self.proxies['client'].port}",
             "--certificates", f"{self.work}/certificates", "--name", "client",
             "--silence", str(SILENCE), "--orders", str(count), "--seed", str(self.seed),
             "--concurrency", "20", "--mode", self.mode, "--log", "info",
             "--evidence", f"{self.work}/evidence"],
            stdout=subprocess.PIPE, stderr=log, text=True)
        self.all_programs.append(client)
        return client

    # --- faults: each breaks a node, and mends it ---

    def kill(self, name):
        self.programs[name].kill()
        self.programs[name].wait()
        time.sleep(0.3)
        self.start(name)

    def pause(self, name):
        self.programs[name].send_signal(signal.SIGSTOP)
        time.sleep(SILENCE * 3)
        self.programs[name].send_signal(signal.SIGCONT)

    def proxies_of(self, name):
        return list(self.proxies.values()) if name == "journal" else [self.proxies[name]]

    def lose(self, name):
        for proxy in self.proxies_of(name):
            proxy.swallows = True
        time.sleep(SILENCE * 3)
        for proxy in self.proxies_of(name):
            proxy.swallows = False

    def cut(self, name):
        for proxy in self.proxies_of(name):
            proxy.cut()


def seconds_of(stamp):
    parsed = time.strptime(stamp[:19], "%Y-%m-%d %H:%M:%S")
    return time.mktime(parsed) + float("0" + stamp[19:])


def when_told(work, observer, what, after):
    """When the observer's log first tells that, behind that moment; None: never."""
    with open(f"{work}/{observer}.log", encoding="utf-8", errors="replace") as log:
        for line in log:
            found = re.match(r"\[([0-9: .-]+)\].*" + what, line)
            if found and seconds_of(found[1]) >= after - 0.001:  # logs cut milliseconds off
                return seconds_of(found[1])
    return None


def text_of(name, values):
    known = sorted(v for v in values if v is not None)
    if not known:
        return f"{name}: not seen"
    return (f"{name}: median {known[len(known) // 2]:.2f} s, most {known[-1]:.2f} s "
            f"({len(known)} of {len(values)} seen)")


def main(programs):
    orders, work, rounds, seed, count = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    dice = random.Random(seed)
    print(f"seed {seed}, {rounds} rounds of {count} orders", flush=True)
    cluster = Cluster(orders, work, seed, programs)
    # Every fault of every node before any comes twice.
    faults = [(f, n) for f in ("kill", "pause", "lose", "cut") for n in ("journal", "w1", "w2")]
    plan = []
    while len(plan) < rounds:
        plan += dice.sample(faults, len(faults))
    detected, returned, times = {}, {}, []
    cluster.start_all("orchestration")
    for number, (fault, name) in enumerate(plan[:rounds]):
        if number == rounds // 2 and number > 0:
            cluster.stop_all()
            cluster.start_all("choreography")
        client = cluster.place((number + 1) * count)
        time.sleep(0.2 + dice.random())
        broken = time.time()
        client_was_at_work = client.poll() is None
        getattr(cluster, fault)(name)
        mended = time.time()
        try:
            page, _ = client.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            client.kill()
            raise SystemExit(f"round {number + 1}: {fault} {name}: the orders do not end")
        if client.returncode != 0:
            raise SystemExit(f"round {number + 1}: {fault} {name}:\n{page}")
        for program in cluster.programs.values():
            if program.poll() is not None:
                raise SystemExit(f"round {number + 1}: {fault} {name}: a node ended")
        observer, seen = ("w1", "journal") if name == "journal" else ("journal", name)
        gone = when_told(work, observer, f"the connection to node '{seen}' is over", broken)
        if gone is None and client_was_at_work:
            raise SystemExit(f"round {number + 1}: {fault} {name}: nobody noticed")
        back = when_told(work, observer, f"node '{seen}' is connected", gone or broken)
        detected.setdefault(fault, []).append(max(gone - broken, 0) if gone else None)
        returned.setdefault(fault, []).append(max(back - mended, 0) if back else None)
        latency = re.search(r"latency +(.*)", page)
        times.append(latency[1] if latency else "-")
        print(f"round {number + 1:2}: {cluster.mode}, {fault} {name}: {times[-1]}", flush=True)
    cluster.stop_all()
    for fault in detected:
        print(f"{fault}: {text_of('noticed after', detected[fault])}; "
              f"{text_of('connected again, once mended, after', returned[fault])}")


if __name__ == "__main__":
    programs = []
    try:
        main(programs)
    finally:
        for program in programs:
            if program.poll() is None:
                program.kill()
