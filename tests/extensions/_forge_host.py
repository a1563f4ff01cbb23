"""An imitation of Forge around a real extension folder: the hooks by their documented names, FastAPI, and a page.

usage: _forge_host.py ROOT    with ROOT/extensions/civikit in it; prints the port it listens on
"""

import importlib.util
import os
import socket
import sys
import types

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

root = os.path.abspath(sys.argv[1])
extension = os.path.join(root, "extensions", "civikit")
counts = {"checkpoints": 0, "vaes": 0, "loras": 0}


def module(name, **names):
    made = types.ModuleType(name)
    made.__dict__.update(names)
    sys.modules[name] = made
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, made)
    return made


callbacks = {"app_started": [], "infotext_pasted": [], "ui_tabs": [], "script_unloaded": []}
module("modules")
module(
    "modules.script_callbacks",
    **{f"on_{name}": known.append for name, known in callbacks.items()},
)


def counting(name):
    def count(*_args, **_more):
        counts[name] += 1

    return count


module("modules.sd_models", list_models=counting("checkpoints"))
module("modules.sd_vae", refresh_vae_list=counting("vaes"))
module("modules.ui_extra_networks", extra_pages=[types.SimpleNamespace(refresh=counting("loras"))])
module("modules.shared")


class Blocks:
    open = None

    def __init__(self, analytics_enabled=None):
        self.html = []

    def __enter__(self):
        Blocks.open = self
        return self

    def __exit__(self, *_error):
        Blocks.open = None


def html(text):
    Blocks.open.html.append(text)


module("gradio", Blocks=Blocks, HTML=html)

# modules/script_loading.py: every scripts/*.py, as a module of its own, with its folder in front of the path
sys.path.insert(0, extension)
for name in sorted(os.listdir(os.path.join(extension, "scripts"))):
    if not name.endswith(".py"):
        continue
    spec = importlib.util.spec_from_file_location(name, os.path.join(extension, "scripts", name))
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
sys.path.pop(0)

app = FastAPI()
tabs = [tab for callback in callbacks["ui_tabs"] for tab in callback()]
# modules/ui_gradio_extensions.py: .js as scripts, .mjs as modules, each with the time it was changed
scripts = "".join(
    f'<script type="module" src="file=extensions/civikit/javascript/{name}?{os.path.getmtime(extension)}"></script>'
    for name in sorted(os.listdir(os.path.join(extension, "javascript")))
)
page = f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>imitation of Forge</title>
<style>body {{ font-family: system-ui; background: #0b0f19; color: #f3f4f6; margin: 0; padding: 1em; max-width: 60em }}</style>
<script>
  const loaded = [];
  function gradioApp() {{ return document; }}
  function onUiLoaded(callback) {{ loaded.push(callback); }}
  addEventListener("load", () => setTimeout(() => {{ for (const one of loaded) one(); }}, 50));
  const clicks = {{}};
</script>{scripts}</head><body>
<div id="txt2img_prompt"><textarea></textarea></div>
<button id="refresh_sd_model_checkpoint" onclick="clicks[this.id] = (clicks[this.id] ?? 0) + 1">refresh</button>
{"".join(f'<div id="tab_{id}"><h2>{title}</h2>{"".join(tab.html)}</div>' for tab, title, id in tabs)}
</body></html>"""


@app.get("/")
def main():
    return HTMLResponse(page)


@app.get("/file={path:path}")
def file(path: str):
    whole = os.path.abspath(os.path.join(root, path))
    if not whole.startswith(os.path.join(root, "extensions") + os.sep):
        return JSONResponse({}, status_code=403)
    return FileResponse(whole, media_type="text/javascript")


@app.post("/test/paste")
async def paste(request: Request):
    text = (await request.body()).decode()
    for callback in callbacks["infotext_pasted"]:
        callback(text, {})
    return {}


@app.get("/test/counts")
def count():
    return counts


for callback in callbacks["app_started"]:
    callback(None, app)

listener = socket.socket()
listener.bind((sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
