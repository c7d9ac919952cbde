"""nbgrader's settings for the accounts of ``jupyterhub_config.py``, which names the folder they share."""

import os
from pathlib import Path

FOLDER = Path(os.environ["HUB_FOLDER"])
ACCOUNT = os.environ["JUPYTERHUB_USER"]

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "multimodal"
c.Exchange.root = str(FOLDER / "exchange")
# All accounts are one user of the computer, whose name nbgrader would take for everybody's.
c.ExchangeCollect.check_owner = False
if ACCOUNT == "teacher":
    c.CourseDirectory.root = str(FOLDER / "course")
else:
    c.CourseDirectory.student_id = ACCOUNT
