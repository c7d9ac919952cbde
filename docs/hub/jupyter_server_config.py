"""Terminals on the hub of ``jupyterhub_config.py``: a login shell would forget where Python is."""

c = get_config()  # noqa: F821

c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash"]}
