"""JupyterHub on one computer, to try the course with a few accounts there. Not for a class.

Started in an empty folder, it keeps in it what the accounts write: ``homes/NAME`` and ``exchange``. Whoever
knows ``HUB_PASSWORD``, which must have eight characters, may take any name. All accounts are one user of the
computer, so nothing protects one from another.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent.resolve()
FOLDER = Path.cwd()
EXCHANGE = FOLDER / "exchange"
EXCHANGE.mkdir(exist_ok=True)
EXCHANGE.chmod(0o777)  # nbgrader demands it

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["HUB_PASSWORD"]
c.Authenticator.allow_all = True
c.ConfigurableHTTPProxy.command = str(HERE / "node_modules" / ".bin" / "configurable-http-proxy")

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(FOLDER / "homes" / "{username}")
c.Spawner.ip = "127.0.0.1"
c.Spawner.default_url = "/lab"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.environment = {
    # The settings of JupyterLab, its terminals and nbgrader lie beside this file.
    "JUPYTER_CONFIG_PATH": str(HERE),
    "EXCHANGE": str(EXCHANGE),
    # In a terminal, `python3` and `nbgrader` are the course's.
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
}
# A cold JupyterLab on a busy computer takes longer than the default of 60 and 30 seconds.
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
