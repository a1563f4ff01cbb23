"""civikit in Stable Diffusion web UI, Forge and SD.Next: a tab, and the way from it to `civikit serve`."""

import importlib.util
import os
import sys

import gradio as gr
from fastapi import Request, Response
from modules import script_callbacks

_folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_spec = importlib.util.spec_from_file_location("civikit_core", os.path.join(_folder, "civikit_core.py"))
core = importlib.util.module_from_spec(_spec)
sys.modules["civikit_core"] = core
_spec.loader.exec_module(core)

bridge = core.Bridge(_folder)
_pasted = {"number": 0, "text": ""}


def refresh_lists():
    """Reads the lists of models anew, as the UI's own buttons do; what this UI does not have is left out."""

    def checkpoints():
        from modules import sd_models

        sd_models.list_models()

    def vaes():
        from modules import sd_vae

        sd_vae.refresh_vae_list()

    def networks():
        from modules import ui_extra_networks

        for page in ui_extra_networks.extra_pages:
            page.refresh()

    def networks_of_sdnext():
        from modules import shared

        for page in shared.extra_networks:
            page.refresh_time = 0
            page.create_items("txt2img")

    done = []
    for work in (checkpoints, vaes, networks, networks_of_sdnext):
        try:
            work()
            done.append(work.__name__)
        except Exception:  # noqa: BLE001 -- a part that another version of the UI does not have
            continue
    return done


def _json(status, body):
    return Response(content=body, status_code=status, media_type="application/json", headers={"cache-control": "no-store"})


def _guarded(request: Request, work):
    try:
        bridge.checked(request.method, request.client.host if request.client else None, request.headers)
        return _json(200, core.json.dumps(work()))
    except core.Refused as refused:
        return _json(refused.status, refused.body)


def on_app_started(_demo, app):
    from starlette.concurrency import run_in_threadpool

    async def passed_on(request: Request):
        body = await request.body() if request.method == "POST" else None
        client = request.client.host if request.client else None
        name = request.path_params["name"]
        return _json(
            *await run_in_threadpool(
                bridge.answer, request.method, name, client, request.headers, request.url.query, body
            )
        )

    def pasted(request: Request):
        return _guarded(request, lambda: _pasted)

    def refresh(request: Request):
        return _guarded(request, lambda: {"refreshed": refresh_lists()})

    app.add_api_route("/civikit/pasted", pasted, methods=["GET"], include_in_schema=False)
    app.add_api_route("/civikit/refresh", refresh, methods=["POST"], include_in_schema=False)
    app.add_api_route("/civikit/api/{name}", passed_on, methods=["GET", "POST"], include_in_schema=False)


def on_infotext_pasted(infotext, _params):
    _pasted.update(number=_pasted["number"] + 1, text=infotext[:1_000_000])


def on_ui_tabs():
    with gr.Blocks(analytics_enabled=False) as tab:
        gr.HTML('<div id="civikit_panel"></div>')
    return [(tab, "civikit", "civikit_tab")]


script_callbacks.on_app_started(on_app_started)
script_callbacks.on_infotext_pasted(on_infotext_pasted)
script_callbacks.on_ui_tabs(on_ui_tabs)
