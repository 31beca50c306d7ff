"""Measures a class on JupyterHub; writes benchmarks/hub.csv and benchmarks/hub_memory.csv.

python -m benchmarks.hub [students ...] [--screenshot FILE]

Runs on Linux in an environment of benchmarks/hub.txt, with npm and Chromium on the machine; 30
students by default, or one class after the other for several numbers. Each student has a home with
a copy of the course, logs in within a minute of the others, opens notebook 04 in a server and a
kernel of its own, and runs it all. When the last one has, all of them move sliders for a minute.
One student is Chromium; the others fetch and send what JupyterLab does, as the teacher's Chromium
showed before the class. Hub, servers, kernels, students and Chromium share the machine. Before the
classes one student runs every notebook alone, and the memory of its kernel is measured.
"""

import argparse
import collections
import contextlib
import csv
import importlib.metadata
import json
import platform
import queue
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import psutil
import requests
import websocket
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)

from benchmarks.sliders import milliseconds
from tools import browser, run_notebooks

CLASSES = Path(__file__).with_name("hub.csv")
MEMORY = Path(__file__).with_name("hub_memory.csv")
FOLDER = "course/notebooks/"
NOTEBOOK = f"{FOLDER}04_which_axis.ipynb"
TEACHER = "teacher"
PROXY = "configurable-http-proxy@5"
LOGIN = f"/hub/login?next=/hub/user-redirect/lab/tree/{NOTEBOOK}"
SESSION = "shell.currentWidget?.sessionContext?.session"
ARRIVALS = MOVING = 60  # seconds
PAUSE = (1, 3)  # seconds between two moves
PATIENCE = 900  # seconds that a student waits for anything
Attendance = collections.namedtuple("Attendance", "served first moves kept")
Usage = collections.namedtuple("Usage", "time idle spent processes")


def free_addresses(count):
    """Addresses on loopback where nobody listens."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [f"http://127.0.0.1:{one.getsockname()[1]}" for one in sockets]


def install_proxy(folder):
    """JupyterHub's proxy, from npm; gives its command."""
    command = ["npm", "install", "--silent", "--no-package-lock", "--prefix", folder, PROXY]
    subprocess.run(command, check=True)
    return folder / "node_modules" / ".bin" / "configurable-http-proxy"


@contextlib.contextmanager
def jupyterhub(scratch, proxy, names, environment=None):
    """A hub on loopback in whose homes lies the course; gives its address and its process.

    Any password will do, and all servers run as the user that started the hub.
    """
    (scratch / "checkout").mkdir(parents=True)
    browser.copy_checkout(scratch / "checkout")
    for name in names:
        shutil.copytree(scratch / "checkout", scratch / "homes" / name / "course")
    address, inside, control = free_addresses(3)
    options = {
        "JupyterHub.bind_url": address,
        "JupyterHub.hub_bind_url": inside,
        "ConfigurableHTTPProxy.api_url": control,
        "ConfigurableHTTPProxy.command": proxy,
        "JupyterHub.authenticator_class": "dummy",
        "Authenticator.allow_all": True,
        "JupyterHub.spawner_class": "simple",
        "SimpleLocalProcessSpawner.home_dir_template": scratch / "homes" / "{username}",
        "Spawner.http_timeout": PATIENCE,
    }
    server = [sys.executable, "-m", "jupyterhub.singleuser"]
    server_options = ["--allow-root", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url="]
    command = [sys.executable, "-m", "jupyterhub"]
    command += [f"--{name}={value}" for name, value in options.items()]
    command += [f"--Spawner.cmd={word}" for word in server]
    command += [f"--Spawner.args={option}" for option in server_options]
    with (scratch / "hub.log").open("w+") as log:
        process = psutil.Popen(
            command, cwd=scratch, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(f"{address}/hub/health", process)
            yield address, process
        except Exception:
            log.seek(0)
            sys.stderr.writelines(log.readlines()[-50:])
            raise
        finally:
            browser.end(process)


def _wait_for(address, process):
    deadline = time.monotonic() + browser.SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(address).ok:
                return
        time.sleep(0.1)
    raise RuntimeError("JupyterHub did not start")


class Student:
    """A student without a browser, who fetches `files` and sends the messages of JupyterLab."""

    def __init__(self, address, name, rng, files=(), notebook=NOTEBOOK):
        self.address, self.name, self.rng = address, name, rng
        self.files, self.path = files, notebook
        self.home = f"{address}/user/{name}/"
        self.http, self.socket = requests.Session(), websocket.WebSocket()
        self.messages = Session()
        self.inbox = queue.SimpleQueue()
        self.models = {}

    def log_in(self):
        """Logs in; gives the moment when the server answers."""
        page = f"{self.address}{LOGIN}"
        self.http.get(page, timeout=PATIENCE).raise_for_status()
        form = {"username": self.name, "password": "any", "_xsrf": self.http.cookies["_xsrf"]}
        answer = self.http.post(page, data=form, timeout=PATIENCE)
        if "/hub/spawn-pending/" in answer.url:
            progress = f"{self.address}/hub/api/users/{self.name}/server/progress"
            self.http.get(progress, timeout=PATIENCE).raise_for_status()  # ends with the start
            answer = self.http.get(answer.url, timeout=PATIENCE)
        answer.raise_for_status()
        assert answer.url == f"{self.home}lab/tree/{NOTEBOOK}", answer.url
        return time.monotonic()

    def open(self):
        """Loads JupyterLab, as a browser does over six connections, and starts a kernel."""
        with ThreadPoolExecutor(6) as connections:
            for answer in connections.map(self.fetch, self.files):
                answer.raise_for_status()
        token = self.http.cookies.get("_xsrf", path=f"/user/{self.name}/")
        self.http.headers["X-XSRFToken"] = token
        self.notebook = self.fetch(f"api/contents/{self.path}").json()["content"]
        session = {"path": self.path, "name": Path(self.path).name, "type": "notebook"}
        answer = self.http.post(
            self.home + "api/sessions",
            json=session | {"kernel": {"name": "python3"}},
            timeout=PATIENCE,
        )
        answer.raise_for_status()
        self.kernel = answer.json()["kernel"]["id"]
        self._connect()
        threading.Thread(target=self._listen, daemon=True).start()

    def fetch(self, path):
        """What the student's server answers."""
        return self.http.get(self.home + path, timeout=PATIENCE)

    def _connect(self):
        url = f"{self.home}api/kernels/{self.kernel}/channels"
        request = requests.Request("GET", url).prepare()
        self.socket.connect(
            f"{url.replace('http', 'ws', 1)}?session_id={self.messages.session}",
            cookie=requests.cookies.get_cookie_header(self.http.cookies, request),
            subprotocols=["v1.kernel.websocket.jupyter.org"],
        )

    def _listen(self):
        with contextlib.suppress(websocket.WebSocketException, OSError):
            while True:
                self.inbox.put((time.monotonic(), self.socket.recv()))
        self.inbox.put((time.monotonic(), None))

    def send(self, kind, content):
        """Sends a message on the kernel's shell channel; gives its id."""
        message = self.messages.msg(kind, content)
        self.socket.send_binary(serialize_msg_to_ws_v1(message, "shell", self.messages.pack))
        return message["header"]["msg_id"]

    def answers(self, request):
        """When the kernel said what to `request`, until it is idle: (moment, kind, content)."""
        while True:
            moment, data = self.inbox.get(timeout=PATIENCE)
            if data is None:
                raise ConnectionError(f"{self.name}'s kernel is gone")
            header, parent, _, content = map(json.loads, deserialize_msg_from_ws_v1(data)[1][:4])
            if content.get("execution_state") in {"restarting", "autorestarting", "dead"}:
                raise ConnectionError(f"{self.name}'s kernel: {content['execution_state']}")
            if parent.get("msg_id") == request:
                yield moment, header["msg_type"], content
                if content.get("execution_state") == "idle":
                    return

    def run_all(self):
        """Runs every cell; gives the moment when the last panel came."""
        codes = [cell["source"] for cell in self.notebook["cells"] if cell["cell_type"] == "code"]
        shown = None
        for request in [self.send("execute_request", {"code": code}) for code in codes]:
            for moment, kind, content in self.answers(request):
                if kind == "error":
                    raise RuntimeError(f"{self.name}: {content['ename']}: {content['evalue']}")
                if kind == "comm_open":
                    self.models[content["comm_id"]] = content["data"]["state"]
                if kind == "display_data" and run_notebooks.WIDGET in content["data"]:
                    shown = moment
        return shown

    def move(self):
        """Moves a score to another value; gives the seconds until its picture is there."""
        comm, state = self.rng.choice(
            [
                (comm, state)
                for comm, state in self.models.items()
                if state.get("description", "").startswith("x[")
            ]
        )
        values = {tenths / 10 for tenths in range(-100, 101)} - {state["value"]}
        state["value"] = self.rng.choice(sorted(values))
        data = {"method": "update", "state": {"value": state["value"]}, "buffer_paths": []}
        sent = time.monotonic()
        pictures = [
            moment
            for moment, kind, content in self.answers(
                self.send("comm_msg", {"comm_id": comm, "data": data})
            )
            if kind == "comm_msg" and "<img" in str(content["data"]["state"].get("value"))
        ]
        return pictures[-1] - sent

    def kernels(self):
        """The ids of the kernels of its server; its own has answered."""
        for _ in self.answers(self.send("kernel_info_request", {})):
            pass
        return [kernel["id"] for kernel in self.fetch("api/kernels").json()]

    def shut_down(self):
        """Ends the kernel."""
        url = f"{self.home}api/kernels/{self.kernel}"
        self.http.delete(url, timeout=PATIENCE).raise_for_status()

    def close(self):
        """Hangs up; server and kernel stay."""
        self.socket.abort()
        self.socket.shutdown()
        self.http.close()


class ChromiumStudent(browser.Notebook):
    """A student in a real browser, who moves the first slider by keyboard."""

    def __init__(self, chromium, address, name, rng, screenshot):
        self.address, self.name, self.rng = address, name, rng
        self.screenshot, self.moved = screenshot, 0
        self.page = chromium.new_page(viewport={"width": 1280, "height": 720})
        self.page.set_default_timeout(PATIENCE * 1000)

    def log_in(self):
        """Logs in on the hub's page; gives the moment when the server answers."""
        self.page.goto(f"{self.address}{LOGIN}")
        self.page.get_by_label("Username").fill(self.name)
        self.page.get_by_label("Password").fill("any")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"**/user/{self.name}/lab/tree/**", wait_until="commit")
        return time.monotonic()

    def open(self):
        """Waits until the notebook has a kernel at rest."""
        self.page.wait_for_function(f"() => window.jupyterapp?.{SESSION}?.kernel")
        self.idle()
        self.kernel = self.page.evaluate(f"() => jupyterapp.{SESSION}.kernel.id")

    def run_all(self):
        """Runs every cell; gives the moment when the panel's picture was there."""
        run = "jupyterapp.commands.execute('notebook:run-all-cells')"
        self.page.evaluate(f"() => {{ window.running = {run}; }}")
        self.image()
        shown = time.monotonic()
        self.page.evaluate("() => window.running")
        self.idle()
        return shown

    def move(self):
        """Presses an arrow key; gives the seconds until the next picture is on the page."""
        self.moved += 1
        if self.screenshot and self.moved == 10:
            self.page.locator(".widget-html img").scroll_into_view_if_needed()
            self.page.screenshot(path=self.screenshot)
        return milliseconds(self, ".widget-html img", 1)[0] / 1000

    def kernels(self):
        """The ids of the kernels of its server; its own has answered."""
        self.page.evaluate(f"() => jupyterapp.{SESSION}.kernel.requestKernelInfo()")
        answer = self.page.request.get(f"{self.address}/user/{self.name}/api/kernels")
        return [kernel["id"] for kernel in answer.json()]


def rehearse(address):
    """The teacher opens the notebook in Chromium and runs it; gives what JupyterLab fetched."""
    fetched, home = [], f"{address}/user/{TEACHER}/"
    with browser.browser() as chromium:
        teacher = ChromiumStudent(chromium, address, TEACHER, None, None)
        teacher.page.on("request", lambda request: fetched.append(request))
        teacher.log_in()
        teacher.open()
        teacher.run_all()
        return [
            request.url.removeprefix(home)
            for request in fetched
            if request.url.startswith(home)
            and request.method == "GET"
            and request.resource_type != "document"
        ]


@contextlib.contextmanager
def in_chromium(*student):
    with browser.browser() as chromium:
        yield ChromiumStudent(chromium, *student)


def attend(entering, arrival, together):
    """A student's class.

    Its attendance says when the server and the first picture came, in seconds from log-in, how many
    seconds each move took, and whether the kernel is the one that was there at the beginning.
    """
    try:
        with entering as student:
            together.wait()
            time.sleep(arrival)
            start = time.monotonic()
            served = student.log_in() - start
            student.open()
            first = student.run_all() - start
            together.wait()
            moves, end = [], time.monotonic() + MOVING
            while time.monotonic() < end:
                time.sleep(student.rng.uniform(*PAUSE))
                moves.append(student.move())
            together.wait()
            return Attendance(served, first, moves, student.kernels() == [student.kernel])
    except BaseException:
        together.abort()
        raise


def family(hub, names):
    """The processes of each student, and under '' those of the hub, its proxy and the teacher."""
    found = {name: set() for name in ["", *names]}
    for process in [hub, *hub.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            user = process.environ().get("JUPYTERHUB_USER")
            found[user if user in found else ""].add(process)
    return found


def usage(hub, names):
    """The time, the machine's idle seconds, the hub's CPU seconds, and its processes."""
    processes = family(hub, names)
    spent = sum(sum(process.cpu_times()[:4]) for group in processes.values() for process in group)
    machine = psutil.cpu_times()
    return Usage(time.monotonic(), machine.idle + machine.iowait, spent, processes)


def busy(before, after):
    """How much of the machine was busy, and with the hub's processes alone, in percent."""
    seconds = (after.time - before.time) * psutil.cpu_count()
    return (
        100 * (1 - (after.idle - before.idle) / seconds),
        100 * (after.spent - before.spent) / seconds,
    )


def mib(processes):
    """The memory of the processes; what several share counts in parts (PSS)."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20


def measure_memory(scratch, proxy):
    """A row for a server, and one for the kernel of each notebook, Dask's workers included."""
    name = "student"
    with jupyterhub(scratch, proxy, [name]) as (address, hub):
        server, rows = set(), []
        for path in run_notebooks.paths():
            student = Student(address, name, None, notebook=FOLDER + path.name)
            with contextlib.closing(student), ThreadPoolExecutor(1) as pool:
                student.log_in()
                server = server or family(hub, [name])[name]
                student.open()
                running, most = pool.submit(student.run_all), 0
                while not running.done():
                    most = max(most, mib(family(hub, [name])[name] - server))
                    time.sleep(0.1)
                running.result()
                after = mib(family(hub, [name])[name] - server)
                student.shut_down()
            rows.append(_memory(path.stem, max(most, after), after))
            psutil.wait_procs(family(hub, [name])[name] - server, timeout=PATIENCE)
        after = mib(server)
    return [*rows, _memory("server", after, after)]


def _memory(process, most, after):
    return {"process": process, "MiB at most": f"{most:.0f}", "MiB afterwards": f"{after:.0f}"}


def show(rows):
    for row in rows:
        print(*(f"{name}: {value}" for name, value in row.items()), sep=", ", flush=True)


def write(path, rows, measured_with):
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, [*rows[0], "measured with"], lineterminator="\n")
        table.writeheader()
        table.writerows(row | {"measured with": measured_with} for row in rows)


def p95(sample):
    return statistics.quantiles(sample, n=20, method="inclusive")[-1]


def measure(count, scratch, proxy, screenshot):
    """The table's row for a class of `count` students, on a hub of its own."""
    names = [f"student{number:02}" for number in range(1, count + 1)]
    rng = random.Random(0)
    arrivals = sorted(rng.uniform(0, ARRIVALS) for _ in names)
    marks, futures = [], {}
    with (
        jupyterhub(scratch, proxy, [TEACHER, *names]) as (address, hub),
        ThreadPoolExecutor(count) as pool,
    ):
        files = rehearse(address)
        together = threading.Barrier(count, lambda: marks.append(usage(hub, names)))
        for number, (name, arrival) in enumerate(zip(names, arrivals, strict=True)):
            who = address, name, random.Random(number)
            entering = contextlib.closing(Student(*who, files))
            if number == count // 2:
                entering, watched = in_chromium(*who, screenshot), name
            futures[pool.submit(attend, entering, arrival, together)] = name
        attended = {futures[future]: future.result() for future in as_completed(futures)}
        left = family(hub, names)
        memory = {name: mib(processes) for name, processes in left.items()}
    kept = [attended[name].kept and marks[1].processes[name] <= left[name] for name in names]
    seen = attended.pop(watched)
    first = [student.first for student in attended.values()]
    moves = [1000 * seconds for student in attended.values() for seconds in student.moves]
    start, middle, end = marks
    at_login, at_sliders = busy(start, middle), busy(middle, end)
    per_move = (end.spent - middle.spent) / (len(moves) + len(seen.moves))
    return {
        "students": count,
        "server started s p95": f"{p95([student.served for student in attended.values()]):.0f}",
        "first picture s median": f"{statistics.median(first):.0f}",
        "first picture s p95": f"{p95(first):.0f}",
        "slider ms median": f"{statistics.median(moves):.0f}",
        "slider ms p95": f"{p95(moves):.0f}",
        "moves": len(moves),
        "kernels kept": sum(kept),
        "MiB a student median": f"{statistics.median(memory[name] for name in names):.0f}",
        "MiB a student most": f"{max(memory[name] for name in names):.0f}",
        "GiB in all": f"{sum(memory.values()) / 1024:.1f}",
        "CPU s a student until sliders": f"{(middle.spent - start.spent) / count:.1f}",
        "CPU ms a move": f"{1000 * per_move:.0f}",
        "CPU % until sliders": f"{at_login[0]:.0f}",
        "hub CPU % until sliders": f"{at_login[1]:.0f}",
        "CPU % at sliders": f"{at_sliders[0]:.0f}",
        "hub CPU % at sliders": f"{at_sliders[1]:.0f}",
        "Chromium first picture s": f"{seen.first:.0f}",
        "Chromium slider ms median": f"{1000 * statistics.median(seen.moves):.0f}",
        "Chromium slider ms p95": f"{1000 * p95(seen.moves):.0f}",
    }


def class_size(text):
    """At least three: Chromium, and two for a 95th percentile."""
    if int(text) < 3:
        raise argparse.ArgumentTypeError(f"a class has at least 3 students, not {text}")
    return int(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("students", nargs="*", type=class_size, default=[30])
    parser.add_argument("--screenshot", help="a file for what Chromium shows during the moves")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        proxy = install_proxy(Path(place))
        package = proxy.parents[1] / "configurable-http-proxy" / "package.json"
        names = ("jupyterhub", "jupyterlab", "jupyter_server", "ipykernel", "matplotlib")
        measured_with = [
            f"Python {platform.python_version()}",
            f"{platform.system()} {platform.machine()}",
            f"{psutil.cpu_count()} CPUs",
            f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
            *(f"{name} {importlib.metadata.version(name)}" for name in names),
            f"configurable-http-proxy {json.loads(package.read_text())['version']}",
        ]
        rows = measure_memory(Path(place) / "alone", proxy)
        show(rows)
        write(MEMORY, rows, ", ".join(measured_with))
        rows = []
        for count in asked.students:
            rows.append(measure(count, Path(place) / str(count), proxy, asked.screenshot))
            show(rows[-1:])
        write(CLASSES, rows, ", ".join(measured_with))


if __name__ == "__main__":
    main()
