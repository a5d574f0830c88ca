"""Manifests that are good, to be made wrong in one place, and what preflight says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kindlings import manifests, preflight

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.preflight.findings import Finding

Change = tuple[str, str]
"""What stands in a good manifest, and what takes its place."""

POD: Final = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app: web
spec:
  volumes:
    - name: data
      emptyDir: {}
  containers:
    - name: web
      image: kindlings/web:1.0
      ports:
        - name: http
          containerPort: 8080
      readinessProbe:
        httpGet:
          port: http
      volumeMounts:
        - name: data
          mountPath: /data
"""

DEPLOYMENT: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  strategy:
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: kindlings/web:1.0
          ports:
            - name: http
              containerPort: 8080
"""

SERVICE: Final = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  selector:
    app: web
  ports:
    - port: 80
      targetPort: 8080
      nodePort: 32000
"""

STATEFULSET: Final = """\
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: peers
spec:
  serviceName: peers
  selector:
    matchLabels:
      app: peers
  template:
    metadata:
      labels:
        app: peers
    spec:
      containers:
        - name: peer
          image: busybox:1.37
          volumeMounts:
            - name: data
              mountPath: /data
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        resources:
          requests:
            storage: 1Gi
"""

HEADLESS: Final = """\
apiVersion: v1
kind: Service
metadata:
  name: peers
spec:
  clusterIP: None
  selector:
    app: peers
"""

READER: Final = """\
apiVersion: v1
kind: Pod
metadata:
  name: reader
spec:
  volumes:
    - name: pile
      persistentVolumeClaim:
        claimName: pile
    - name: files
      configMap:
        name: files
        items:
          - key: a.txt
            path: a.txt
  containers:
    - name: read
      image: busybox:1.37
      env:
        - name: TOKEN
          valueFrom:
            secretKeyRef:
              name: keys
              key: token
      volumeMounts:
        - name: pile
          mountPath: /pile
        - name: files
          mountPath: /files
"""

READ: Final = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: pile
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 1Gi
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: files
data:
  a.txt: a
---
apiVersion: v1
kind: Secret
metadata:
  name: keys
stringData:
  token: sesame
"""


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Return the text with each first of a pair replaced by its second, wherever it stands."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def examined(folder: Path, *texts: str) -> list[Finding]:
    """Return what is found in these texts, as the files a.yaml, b.yaml and so on, applied together."""
    documents: list[manifests.Document] = []
    for name, text in zip("abcdef", texts, strict=False):
        path = folder / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        documents += manifests.read(path).documents
    return preflight.examine(documents)


def said(findings: list[Finding]) -> list[str]:
    """Return each finding in one line: level, place and message."""
    return [f"{one.level} {one.place}:{one.place.column} {one.message}" for one in findings]
