"""Where kindlings keeps things: one cache folder and one state folder, both its own."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache() -> Path:
    """Return the folder of what can be fetched or built again: tools, build trees, image archives."""
    return Path(os.environ.get("KINDLINGS_CACHE_DIR") or platformdirs.user_cache_dir("kindlings"))


def state() -> Path:
    """Return the folder of what belongs to running clusters: kubeconfigs, locks, what `up` has made."""
    return Path(os.environ.get("KINDLINGS_STATE_DIR") or platformdirs.user_state_dir("kindlings"))


def user_kubeconfig() -> Path:
    """Return the user's own kubeconfig: the first of KUBECONFIG, or the one in the home folder."""
    given = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(given or Path.home() / ".kube" / "config")
