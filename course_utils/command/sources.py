"""Where packages come from: what a person has told pip or uv about that is kept, everything else is not.

A user installation, another target, a build from source, a constraint: what suits somebody's other projects
would break an installation into `.venv`. Mirrors, certificates, proxies and caches are needed there too.
Standard library only.
"""

import ast
import os
import re
import subprocess
import tomllib
from pathlib import Path

from course_utils.errors import CourseError

_PIP = (
    *(
        "index-url",
        "extra-index-url",
        "no-index",
        "find-links",
        "trusted-host",
        "proxy",
        "cert",
        "client-cert",
    ),
    *("cache-dir", "no-cache-dir", "retries", "timeout", "default-timeout", "keyring-provider"),
)
_UV = re.compile(
    r"UV_(?:\w*INDEX\w*|FIND_LINKS|KEYRING_PROVIDER|CREDENTIALS_DIR|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS"
    r"|HTTP_\w+|REQUEST_TIMEOUT|OFFLINE|CACHE_DIR|NO_CACHE|LINK_MODE|CONCURRENT_\w+)"
)
_UV_SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "no-index": "UV_NO_INDEX",
    "find-links": "UV_FIND_LINKS",
    "index-strategy": "UV_INDEX_STRATEGY",
    "keyring-provider": "UV_KEYRING_PROVIDER",
    "allow-insecure-host": "UV_INSECURE_HOST",
    "native-tls": "UV_NATIVE_TLS",
    "offline": "UV_OFFLINE",
    "cache-dir": "UV_CACHE_DIR",
}


def pip(python: str) -> dict[str, str]:
    """Gives the variables that tell pip where packages come from.

    Args:
        python: an interpreter that has pip.

    Returns:
        What the person's files and variables say about that, for a pip that reads no file.

    Raises:
        CourseError: if there is no pip, or it cannot read its own settings.
    """
    # Told to be quiet, pip would not even list its settings.
    loud = dict(os.environ, PIP_QUIET="0", PIP_VERBOSE="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUTF8="1")
    listed = subprocess.run(
        [python, "-m", "pip", "config", "list"], env=loud, capture_output=True, encoding="utf-8", check=False
    )
    if listed.returncode != 0:
        said = " ".join(listed.stderr.split()) or f"exit code {listed.returncode}"
        if "No module named pip" in said:
            raise CourseError(
                f"{python} has no pip, as in an environment that uv made, and no uv is on the PATH. Put uv "
                f"there again, or run `{python} -m ensurepip`; then run the command again."
            )
        raise CourseError(f"pip cannot read its settings: {said}. Mend or remove that file.")
    found = {"PIP_CONFIG_FILE": os.devnull}
    # Later ones win, as they do for pip: variables over settings of `install` over general ones.
    for section in ("global", "install", ":env:"):
        for name, value in re.findall(rf"^{section}\.([\w-]+)=(.+)$", listed.stdout, flags=re.M):
            # What is empty says nothing, as for pip.
            if name in _PIP and (words := ast.literal_eval(value).split()):
                found[f"PIP_{name.upper().replace('-', '_')}"] = " ".join(words)
    return found


def uv() -> dict[str, str]:
    """Gives the variables that tell uv where packages come from.

    Returns:
        What the person's files and variables say about that, for a uv that reads no file.

    Raises:
        CourseError: if a file of settings is damaged.
    """
    found = {"UV_NO_CONFIG": "1"}
    for file in _uv_files():
        try:
            settings = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise CourseError(f"{file}: uv's settings cannot be read: {error}. Mend or remove it.") from None
        for table in (settings, settings.get("pip", {})):
            found |= {
                variable: _as_variable(table[name])
                for name, variable in _UV_SETTINGS.items()
                if name in table
            }
            found |= _indexes(table.get("index", []))
    return found | {name: value for name, value in os.environ.items() if _UV.fullmatch(name)}


def _uv_files() -> list[Path]:
    if chosen := os.environ.get("UV_CONFIG_FILE"):
        return [Path(chosen)]
    if os.name == "nt":
        return [Path(os.environ.get(place, "~")) / "uv" / "uv.toml" for place in ("PROGRAMDATA", "APPDATA")]
    personal = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return [Path("/etc/uv/uv.toml"), Path(personal, "uv", "uv.toml")]


def _indexes(tables: list[dict]) -> dict[str, str]:
    found = {}
    if further := [
        table["url"] for table in tables if not table.get("default") and not table.get("explicit")
    ]:
        found["UV_INDEX"] = " ".join(further)
    for table in tables:
        if table.get("default"):
            found["UV_DEFAULT_INDEX"] = table["url"]
    return found


def _as_variable(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
