"""An imitation of ComfyUI around a real custom node: its server on aiohttp, the front end's `app`, and its strict policy.

usage: _comfy_host.py ROOT    with ROOT/custom_nodes/civikit in it; prints the port it listens on
"""

import asyncio
import importlib.util
import os
import sys
import types

from aiohttp import web

root = os.path.abspath(sys.argv[1])
node = os.path.join(root, "custom_nodes", "civikit")

routes = web.RouteTableDef()
sys.modules["server"] = types.ModuleType("server")
sys.modules["server"].PromptServer = types.SimpleNamespace(instance=types.SimpleNamespace(routes=routes))
sys.modules["folder_paths"] = types.ModuleType("folder_paths")
folders = {"vae": [os.path.join(root, "other", "vae"), os.path.join(root, "models", "vae")]}
sys.modules["folder_paths"].get_folder_paths = lambda kind: list(folders[kind])

# nodes.py, load_custom_node: a package under a name made of its path
name = node.replace(".", "_x_")
spec = importlib.util.spec_from_file_location(name, os.path.join(node, "__init__.py"))
package = importlib.util.module_from_spec(spec)
sys.modules[name] = package
spec.loader.exec_module(package)
assert package.NODE_CLASS_MAPPINGS == {} and package.NODE_DISPLAY_NAME_MAPPINGS == {}
web_folder = os.path.abspath(os.path.join(node, package.WEB_DIRECTORY))

app_script = """
export const app = {
  refreshed: 0,
  tabs: [],
  graph: { serialize: () => window.testGraph ?? { nodes: [] } },
  api: { fetchApi: (route, options) => fetch(`/api${route}`, options) },
  refreshComboInNodes() { app.refreshed++; },
  extensionManager: { registerSidebarTab: (tab) => app.tabs.push(tab) },
  registerExtension(extension) { window.extensions = [...window.extensions ?? [], extension]; },
};
window.comfy = app;
"""
extensions = sorted(
    os.path.relpath(os.path.join(at, file), web_folder).replace(os.sep, "/")
    for at, _, files in os.walk(web_folder)
    for file in files
    if file.endswith(".js")
)
page = f"""<!DOCTYPE html><html lang="zh-TW"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>imitation of ComfyUI</title>
<style>body {{ font-family: system-ui; background: #202020; color: #ddd; margin: 0; display: flex }}
#sidebar {{ width: 20em; height: 100vh; background: #171718 }}</style></head><body><div id="sidebar"></div>
<script type="module">
{"".join(f'import "/extensions/civikit/{one}";' for one in extensions)}
for (const extension of window.extensions) await extension.setup?.();
for (const tab of window.comfy.tabs) tab.render(document.getElementById("sidebar"));
</script></body></html>"""


@web.middleware
async def block_external(request, handler):
    response = await handler(request)
    response.headers["Content-Security-Policy"] = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self' data:; frame-src 'self'; object-src 'self';"
    )
    return response


async def main(_request):
    return web.Response(text=page, content_type="text/html")


async def script(_request):
    return web.Response(text=app_script, content_type="text/javascript")


app = web.Application(middlewares=[block_external])
api = web.RouteTableDef()
for route in routes:
    api.route(route.method, "/api" + route.path)(route.handler)
app.add_routes(api)
app.add_routes(routes)
app.add_routes([web.get("/", main), web.get("/scripts/app.js", script), web.static("/extensions/civikit", web_folder)])


async def start():
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    while True:
        await asyncio.sleep(3600)


asyncio.run(start())
