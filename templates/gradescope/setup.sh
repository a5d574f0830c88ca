#!/usr/bin/env bash
set -euo pipefail
apt-get update
apt-get install -y python3-pip python3-venv
python3 -m venv /opt/kindlings
/opt/kindlings/bin/pip install kindlings
