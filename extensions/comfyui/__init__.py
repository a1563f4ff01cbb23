"""civikit in ComfyUI: a sidebar, and the way from it to `civikit serve`. It has no nodes."""

import asyncio
import json
import os

import folder_paths
from aiohttp import web
from server import PromptServer

from . import civikit_core as core

NODE_CLASS_MAPPINGS = {}
NODE_DISPLAY_NAME_MAPPINGS = {}
WEB_DIRECTORY = "./web"

bridge = core.Bridge(os.path.dirname(os.path.abspath(__file__)))


def with_folder(body: bytes) -> bytes:
    """Puts the first folder ComfyUI has for `directory` where the file goes; extra_model_paths.yaml is honoured so."""
    try:
        wish = json.loads(body)
        directory = wish.pop("directory", None) if isinstance(wish, dict) else None
    except ValueError:
        return body
    if directory is None:
        return body
    try:
        folders = folder_paths.get_folder_paths(str(directory))
    except Exception:  # noqa: BLE001 -- a directory nobody registered
        folders = []
    if folders:
        wish["options"] = {**(wish.get("options") or {}), "dir": os.path.abspath(folders[0])}
    return json.dumps(wish).encode()


async def passed_on(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    body = None
    if request.method == "POST":
        body = await request.read()
        if name == "queue":
            body = with_folder(body)
    loop = asyncio.get_running_loop()
    status, answer = await loop.run_in_executor(
        None, bridge.answer, request.method, name, request.remote, request.headers, request.query_string, body
    )
    return web.Response(
        status=status, body=answer, content_type="application/json", headers={"cache-control": "no-store"}
    )


routes = PromptServer.instance.routes
routes.get("/civikit/{name}")(passed_on)
routes.post("/civikit/{name}")(passed_on)
