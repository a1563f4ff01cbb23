"""What other programs read beside a model, in the order in which they look: stand-ins of our own, by their documents."""

import json
import os
import sys
import time


def base(path):
    return os.path.splitext(path)[0]


def load(path):
    """As programs do it that trust what they find: half a file is an exception."""
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def civitai_helper(path):
    info = load(base(path) + ".civitai.info")
    if info is None:
        return None
    return {
        "id": info["id"],
        "modelId": info["modelId"],
        "name": info["name"],
        "model": info["model"]["name"],
        "type": info["model"]["type"],
        "trainedWords": info.get("trainedWords", []),
        "baseModel": info.get("baseModel"),
        "sha256": [file["hashes"]["SHA256"] for file in info["files"] if file.get("hashes", {}).get("SHA256")],
        "images": [image["url"] for image in info.get("images", [])],
    }


def webui(path):
    metadata = load(base(path) + ".json") or {}
    return {
        "description": str(metadata.get("description", "")),
        "notes": str(metadata.get("notes", "")),
        "sd version": metadata.get("sd version", "Unknown"),
        "activation text": str(metadata.get("activation text", "")),
        "preferred weight": float(metadata.get("preferred weight", 0.0)),
    }


def preview(path):
    kinds = ["png", "jpg", "jpeg", "webp", "gif"]
    names = [base(path) + "." + kind for kind in kinds] + [base(path) + ".preview." + kind for kind in kinds]
    found = next((name for name in names if os.path.isfile(name)), None)
    if found is None:
        return None
    with open(found, "rb") as file:
        start = file.read(12)
    real = "png" if start[:4] == b"\x89PNG" else "jpeg" if start[:2] == b"\xff\xd8" else "other"
    return {"name": os.path.basename(found), "type": real}


def read(path):
    print(json.dumps({"helper": civitai_helper(path), "webui": webui(path), "preview": preview(path)}))


def write(path, count):
    """Reads the sidecar, puts the keys it has so far into it, and writes it in place, again and again."""
    info = base(path) + ".civitai.info"
    own = {}
    for number in range(count):
        own["key %d" % number] = number
        value = {**(load(info) or {}), **own}
        with open(info, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=4)
        time.sleep(0.002)
    print("done", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read(sys.argv[2])
    else:
        write(sys.argv[2], int(sys.argv[3]))
