"""The API's endpoints for the files on a repository's default branch: contents, trees and blobs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from identity_bot_sandbox.github.call import Answer, Call, Endpoint
from identity_bot_sandbox.github.json import Json
from identity_bot_sandbox.github.model import GitHubError, StoredFile

BRANCH = "main"
"""The default branch, the only one."""
LISTED = 1_000
"""The most files of a folder that its contents list: docs.github.com/rest/repos/contents."""
MOST_NODES = 100_000
"""The most files and folders that a tree lists: docs.github.com/rest/git/trees."""
_FOLDER, _LINK = "040000", "120000"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file, a symbolic link or a folder, as a tree lists it."""

    path: str
    mode: str
    sha: str
    size: int = 0

    @property
    def kind(self) -> str:
        """What the contents call it."""
        return {_FOLDER: "dir", _LINK: "symlink"}.get(self.mode, "file")


def get_contents(call: Call) -> Answer:
    """GET a file with its text, or what a folder holds."""
    path = call.request.path_params["path"].strip("/")
    files = call.repository.files
    if path in files:
        data = files[path].data
        found = Entry(path=path, mode=files[path].mode, sha=blob_sha(data), size=len(data))
        text = base64.encodebytes(data).decode()
        return Answer(_content(call, found) | {"content": text, "encoding": "base64"})
    below = f"{path}/" if path else ""
    if not any(name.startswith(below) for name in files):
        raise GitHubError(404, "Not Found" if files else "This repository is empty.")
    return Answer([_content(call, entry) for entry in entries(files, below)][:LISTED])


def get_tree(call: Call) -> Answer:
    """GET a tree by its sha, or the branch's, with all that is below it if `recursive` is set."""
    files = call.repository.files
    wanted = call.request.path_params["sha"]
    folders = {"", *(f"{name[:end]}/" for name in files for end, sign in enumerate(name) if sign == "/")}
    by_sha = {tree_sha(files, folder): folder for folder in sorted(folders)}
    if wanted in (BRANCH, "HEAD"):
        wanted = tree_sha(files, "")
    if wanted not in by_sha or not files:
        raise GitHubError(404, "Not Found")
    below = by_sha[wanted]
    shown = list(entries(files, below))
    if call.request.query_params.get("recursive"):
        deeper = sorted(folder for folder in folders if folder.startswith(below) and folder != below)
        shown += [entry for folder in deeper for entry in entries(files, folder)]
    listed = sorted(shown, key=lambda entry: entry.path)[:MOST_NODES]
    return Answer(
        {
            "sha": wanted,
            "url": f"{_api(call)}/git/trees/{wanted}",
            "tree": [_node(call, entry, below) for entry in listed],
            "truncated": len(shown) > MOST_NODES,
        }
    )


def get_blob(call: Call) -> Answer:
    """GET a file's bytes by their sha."""
    wanted = call.request.path_params["sha"]
    data = next((one.data for one in call.repository.files.values() if blob_sha(one.data) == wanted), None)
    if data is None:
        raise GitHubError(404, "Not Found")
    return Answer(
        {
            "sha": wanted,
            "node_id": f"B_{wanted}",
            "size": len(data),
            "url": f"{_api(call)}/git/blobs/{wanted}",
            "content": base64.encodebytes(data).decode(),
            "encoding": "base64",
        }
    )


def entries(files: Mapping[str, StoredFile], below: str) -> Iterator[Entry]:
    """What a folder (`docs/`, or empty for the top) holds, by name."""
    names = {name.removeprefix(below).partition("/")[0] for name in files if name.startswith(below)}
    for name in sorted(names):
        path = f"{below}{name}"
        if path in files:
            file = files[path]
            yield Entry(path=path, mode=file.mode, sha=blob_sha(file.data), size=len(file.data))
        else:
            yield Entry(path=path, mode=_FOLDER, sha=tree_sha(files, f"{path}/"))


def blob_sha(data: bytes) -> str:
    """What Git calls these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def tree_sha(files: Mapping[str, StoredFile], below: str) -> str:
    """A name for a folder that changes with anything below it."""
    listed = "".join(
        f"{entry.mode} {entry.path.removeprefix(below)}\0{entry.sha}" for entry in entries(files, below)
    )
    return hashlib.sha1(f"tree {listed}".encode(), usedforsecurity=False).hexdigest()


def _content(call: Call, entry: Entry) -> Json:
    repo, path = call.repository, quote(entry.path)
    kind = "trees" if entry.kind == "dir" else "blobs"
    url = f"{_api(call)}/contents/{path}?ref={BRANCH}"
    git = f"{_api(call)}/git/{kind}/{entry.sha}"
    page = f"{call.show.web}/{repo.full_name}/{'tree' if entry.kind == 'dir' else 'blob'}/{BRANCH}/{path}"
    raw = None if entry.kind == "dir" else f"{call.show.web}/{repo.full_name}/raw/{BRANCH}/{path}"
    return {
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size,
        "url": url,
        "html_url": page,
        "git_url": git,
        "download_url": raw,
        "type": entry.kind,
        "_links": {"self": url, "git": git, "html": page},
    }


def _node(call: Call, entry: Entry, below: str) -> Json:
    kind = "tree" if entry.kind == "dir" else "blob"
    node: Json = {
        "path": entry.path.removeprefix(below),
        "mode": entry.mode,
        "type": kind,
        "sha": entry.sha,
        "url": f"{_api(call)}/git/{kind}s/{entry.sha}",
    }
    return node if kind == "tree" else node | {"size": entry.size}


def _api(call: Call) -> str:
    return call.show.repository_url(call.repository)


ENDPOINTS: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/contents/{path:path}", get_contents),
    ("GET", "/git/trees/{sha}", get_tree),
    ("GET", "/git/blobs/{sha}", get_blob),
)
