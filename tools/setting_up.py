"""The set-up that ``make setup`` makes: .venv/ with the locked packages and the ``crm`` command, catalogues, fonts.

``python tools/setting_up.py`` prepares running, ``… --tests`` also what the tests need. What is done is stamped with the
content it was done from, so that a second call only looks. Needs nothing but Python; an older one than 3.11 looks for a
newer one beside it and otherwise says what is missing. (Written so that such an old Python can still read it.)
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = VENV / ".crm"
OLDEST = (3, 11)
FONT_PACKAGES = ("fonttools", "justmytype-intl-cjk", "pylopdf-fonts-jp", "fontpkg-noto-sans")
LOADS_ALL = (
    "import importlib; from crm import app, schema; schema.load(); [importlib.import_module(m) for m in app.EDGES]"
)
QUIET_PIP = ("-m", "pip", "--disable-pip-version-check", "-qq")


def main(wanted):
    """Bring .venv/ up to date for ``wanted``: () or ("--tests",)."""
    require_python()
    began = time.monotonic()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling everything anew would cost each start half a second
    python = virtual_environment()
    fonts = None
    if is_new("packages", lock("requirements.lock"), identity()):
        say("installing the locked packages (once, about a minute) ...")
        fonts = install_fonts_first(python)
        install(python, lock("requirements.lock"))
        stamp("packages", lock("requirements.lock"), identity())
    if is_new("project", (ROOT / "pyproject.toml").read_bytes(), identity()):
        run(python, *QUIET_PIP, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        stamp("project", (ROOT / "pyproject.toml").read_bytes(), identity())
    catalogues = start(python, "-m", "crm.translations.compiling")
    finish(fonts or start(python, "-m", "crm.documents.font_building"), "the fonts could not be built")
    finish(catalogues, "the catalogues could not be compiled")
    run(python, "-m", "compileall", "-q", str(ROOT / "crm"))
    if is_new("bytecode", lock("requirements.lock"), identity()):
        run(python, "-c", LOADS_ALL)  # compiles what it loads of the packages
        stamp("bytecode", lock("requirements.lock"), identity())
    if "--tests" in wanted and is_new("test packages", lock("requirements-dev.lock"), identity()):
        say("installing what the tests need (once) ...")
        install(python, lock("requirements-dev.lock"))
        stamp("test packages", lock("requirements-dev.lock"), identity())
    if time.monotonic() - began > 5:
        say("set up in %d s" % (time.monotonic() - began))


def require_python():
    """Go on with a Python that is new enough, or say that there is none."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        newer = shutil.which("python3.%d" % minor)
        if newer:
            os.execv(newer, [newer, *sys.argv])
    sys.exit("Python 3.11 or newer is needed; this is %s (%s)." % (sys.version.split()[0], sys.executable))


def virtual_environment():
    """The environment's Python; the environment is made if it is missing or belongs to a Python that is gone."""
    python = VENV / "bin" / "python"
    if python.exists() and (VENV / "bin" / "pip").exists():
        return str(python)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
    if made.returncode:
        without_ensurepip(made.stderr or made.stdout)
    return str(python)


def without_ensurepip(reason):
    """Some systems split the module that brings pip off Python: get it, or say how."""
    if Path("/etc/debian_version").exists() and hasattr(os, "geteuid") and os.geteuid() == 0:
        say("installing python3-venv, which this system keeps apart from Python ...")
        package = "python%d.%d-venv" % sys.version_info[:2]
        for name in (package, "python3-venv"):
            if subprocess.run(["apt-get", "install", "-qq", "-y", name], stdout=subprocess.DEVNULL).returncode == 0:
                run(sys.executable, "-m", "venv", "--clear", str(VENV))
                return
    sys.exit("A virtual environment cannot be made (on Debian and Ubuntu: apt install python3-venv).\n" + reason)


def install_fonts_first(python):
    """Install the few packages the fonts are built from and start building while the others are installed."""
    blocks = lock("requirements.lock").decode().split("\n")
    kept, keeping = [], False
    for line in blocks:
        if line[:1].strip():
            keeping = line.split("==")[0] in FONT_PACKAGES
        if keeping:
            kept.append(line)
    install(python, "\n".join(kept).encode())
    return start(python, "-m", "crm.documents.font_building")


def install(python, locked):
    """Install exactly what a lock names, each file checked against its hash."""
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(locked)
        file.flush()
        run(python, *QUIET_PIP, "install", "--no-deps", "--require-hashes", "--no-compile", "-r", file.name)


def lock(name):
    """The content of a lock file."""
    return (ROOT / name).read_bytes()


def identity():
    """What else the environment depends on: which Python it is of, and where it lies."""
    return ("%s %s" % (sys.version, VENV)).encode()


def is_new(name, *content):
    """Whether a step was never done, or was done from other content."""
    path = STAMPS / name.replace(" ", "-")
    return not path.exists() or path.read_text() != digest(content)


def stamp(name, *content):
    """Note that a step is done."""
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name.replace(" ", "-")).write_text(digest(content))


def digest(content):
    """One digest of several pieces."""
    return hashlib.sha256(b"\0".join(content)).hexdigest()


def run(*command):
    """Run a command; its failure ends the set-up with its own words."""
    if subprocess.run(command, cwd=str(ROOT)).returncode:
        sys.exit("the set-up stopped at: " + " ".join(command))


def start(*command):
    """Run a command beside what follows."""
    return subprocess.Popen(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process, otherwise):
    """Wait for a command; its failure ends the set-up."""
    words, _ = process.communicate()
    if process.returncode:
        sys.exit(otherwise + ":\n" + words)


def say(words):
    """Tell the person at the terminal."""
    print(words, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
