"""JupyterLab's settings on a hub: what `lab` sets on a learner's own computer, no question about news."""

from pathlib import Path

import course_utils

c = get_config()  # noqa: F821

c.LabApp.app_settings_dir = str(Path(course_utils.__file__).parent / "command" / "lab_settings")
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
