"""nbgrader's settings for the accounts of ``jupyterhub_config.py``, which says where the exchange is."""

import os
from pathlib import Path

ACCOUNT = os.environ["JUPYTERHUB_USER"]

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "multimodal"
c.Exchange.root = os.environ["EXCHANGE"]
# All accounts are one user of the computer, whose name nbgrader would take for everybody's.
c.ExchangeCollect.check_owner = False
if ACCOUNT == "teacher":
    # What `assign` has made. Formgrader finds it only below the folder that JupyterLab shows.
    c.CourseDirectory.root = str(Path.home() / "course")
else:
    c.CourseDirectory.student_id = ACCOUNT
